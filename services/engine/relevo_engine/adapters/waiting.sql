-- Who waits for events about another key, and what is newest there.

-- name: lock_registering
-- Runs that begin to wait share these locks until their commit; `wait_for_registering` waits for them.
select pg_advisory_xact_lock_shared(1823, b) from unnest($1::int[]) as b order by b;

-- name: wait_for_registering
-- Waits until every transaction has ended in which a run began to wait and that may not have seen an event yet.
select pg_advisory_xact_lock(1823, b) from unnest($1::int[]) as b order by b;

-- name: leave
-- These runs wait no longer for what they waited for.
delete from engine.waiting as w
using unnest($1::text[], $2::text[]) as gone (shop, run_id)
where w.shop = gone.shop and w.run_id = gone.run_id;

-- name: register
-- These runs wait.
insert into engine.waiting (shop, event_key, event_type, key, run_id, since)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
on conflict (shop, event_key, event_type, key, run_id) do update set since = excluded.since;

-- name: missed
-- What happened already at the time from which these runs wait, or later. As text: it goes straight to the decoder.
select w.shop, w.key, w.run_id, l.event::text as event
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    as w (shop, event_key, event_type, key, run_id, since)
join engine.latest_event as l using (shop, event_key, event_type)
where l.at >= w.since
order by l.at;

-- name: remember
-- The newest event of each key, type and part; an older one changes nothing.
insert into engine.latest_event (shop, event_key, event_type, part, at, event)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])
on conflict (shop, event_key, event_type, part) do update set at = excluded.at, event = excluded.event
where latest_event.at <= excluded.at;
