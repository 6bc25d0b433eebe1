-- What people may ask: what is kept of them, and to be forgotten.

-- name: keep_erasures
-- That these people were erased.
insert into engine.erasure (shop, key, at, event_id, source)
select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[])
on conflict do nothing

-- name: keep_requests
-- That these people asked for their data; $5 is until when they must have them.
insert into engine.data_request (shop, event_id, key, requested_at, due_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
on conflict do nothing

-- name: requests
-- Who asked for their data in shop $1 (all shops: empty), the most urgent first; those who have them only with $2.
select shop, event_id, key, requested_at, due_at, answered_at, answered_by
from engine.data_request
where ($1 = '' or shop = $1) and ($2 or answered_at is null)
order by answered_at is not null, due_at, shop, event_id

-- name: answer_requests
-- The customer has their data; so has whoever asked under a key that was merged into theirs.
update engine.data_request set answered_at = $3, answered_by = $4
where shop = $1 and answered_at is null
    and key in (select $2::text union all select key from engine.merged where shop = $1 and into_key = $2)

-- name: of_customer
-- All that the engine keeps of a customer, one JSON text for each table.
select 'facts' as name, (select to_jsonb(c) - 'shop' from engine.customer as c where c.shop = $1 and c.key = $2)::text as rows
union all
select 'runs', (select jsonb_agg(to_jsonb(r) - 'shop' order by r.started_at) from engine.run as r
                where r.shop = $1 and r.key = $2 and (r.ended_at is null or r.ended_at is not null))::text
union all
select 'decisions', (select jsonb_agg(to_jsonb(d) - 'shop' order by d.at) from engine.decision as d
                     where d.shop = $1 and d.key = $2)::text
union all
select 'tasks', (select jsonb_agg(to_jsonb(t) - 'shop' order by t.opened_at) from engine.task as t
                 where t.shop = $1 and t.key = $2)::text
union all
select 'waits for', (select jsonb_agg(to_jsonb(w) - 'shop' order by w.since) from engine.waiting as w
                     where w.shop = $1 and w.key = $2)::text
union all
select 'requests', (select jsonb_agg(to_jsonb(q) - 'shop' order by q.requested_at) from engine.data_request as q
                    where q.shop = $1 and (q.key = $2 or q.key in (
                        select m.key from engine.merged as m where m.shop = $1 and m.into_key = $2)))::text

-- name: key_now
-- The key under which what has this key is kept now, if there is anything: its own, or of whom it was merged into.
select coalesce(
    (select into_key from engine.merged where shop = $1 and key = $2),
    (select key from engine.customer where shop = $1 and key = $2))
