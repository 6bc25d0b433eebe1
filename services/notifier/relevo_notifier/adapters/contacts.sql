-- name: contacts_for_update
-- The contacts of these people, locked in order, so that two batches can't wait for each other in a circle.
select c.shop, c.key, c.contact
from unnest($1::text[], $2::text[]) as g(shop, key)
join notifier.contact c using (shop, key)
order by c.shop, c.key
for update of c

-- name: keep_contacts
-- Writes contacts as they are now known.
insert into notifier.contact as c (shop, key, contact)
select * from unnest($1::text[], $2::text[], $3::jsonb[])
on conflict (shop, key) do update set contact = excluded.contact

-- name: forget_contacts
-- Erases what is known of these people.
delete from notifier.contact c
using unnest($1::text[], $2::text[]) as g(shop, key)
where c.shop = g.shop and c.key = g.key

-- name: forget_shop
-- Erases the contacts of shops that asked for it.
delete from notifier.contact where shop = any($1::text[])

-- name: keep_unsubscribed
-- These addresses get no marketing since then.
insert into notifier.unsubscribed as u (shop, channel, address, at)
select shop, channel, address, max(at)
from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as g(shop, channel, address, at)
group by shop, channel, address
on conflict (shop, channel, address) do update set at = greatest(u.at, excluded.at)

-- name: keep_redactions
-- These customers (key '': the whole shop) were erased then.
insert into notifier.redaction as r (shop, key, at)
select * from unnest($1::text[], $2::text[], $3::timestamptz[])
on conflict (shop, key) do update set at = greatest(r.at, excluded.at)

-- name: skip_deliveries
-- Ends the queued deliveries of these customers (key '': of the whole shop), erases what they say and what providers
-- answered, and leaves the report to whoever looks next. The escape of U+0000, which PostgreSQL's text can't hold, is left out.
with given as (
    select shop, key from unnest($1::text[], $2::text[]) as g(shop, key)
), queued as (
    select d.shop, d.id, regexp_replace(
            convert_from(d.body, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g')::json as body
    from notifier.delivery d
    where d.state = 'queued' and exists (select from given g where g.shop = d.shop and g.key in (d.key, ''))
    order by d.shop, d.id
    for update
)
update notifier.delivery d
set state = 'skipped', reason = $4, settled_at = $3, wake_at = $3, body = null, put_off = '{}',
    outcome = convert_to(json_build_object(
        'id', q.id || '/outcome', 'delivery_id', q.id, 'shop', q.shop, 'key', q.body -> 'key',
        'run_id', q.body -> 'run_id', 'workflow', q.body -> 'workflow', 'step', q.body -> 'step',
        'channel', d.channel, 'status', 'skipped', 'at', $3::timestamptz, 'reason', $4::text,
        'detail', json_build_object('rule', 'redacted'))::text, 'UTF8')
from queued q
where d.shop = q.shop and d.id = q.id

-- name: skip_calls
-- The same for the queued calls.
with given as (
    select shop, key from unnest($1::text[], $2::text[]) as g(shop, key)
), queued as (
    select c.shop, c.id, regexp_replace(
            convert_from(c.body, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g')::json as body
    from notifier.call c
    where c.state = 'queued' and exists (select from given g where g.shop = c.shop and g.key in (c.key, ''))
    order by c.shop, c.id
    for update
)
update notifier.call c
set state = 'skipped', reason = $4, settled_at = $3, wake_at = $3, body = null,
    outcome = convert_to(json_build_object(
        'type', 'call_answered', 'id', q.id || '/answer', 'shop', q.shop, 'key', q.body -> 'key',
        'run_id', q.body -> 'run_id', 'call_id', q.id, 'at', $3::timestamptz, 'error', $4::text)::text, 'UTF8')
from queued q
where c.shop = q.shop and c.id = q.id
