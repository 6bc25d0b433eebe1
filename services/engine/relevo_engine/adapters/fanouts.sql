-- Fan-outs over many customers. A fanout is claimed under a lease, so that no transaction stays open while a page is published.

-- name: put
-- Begins fan-outs.
insert into engine.fanout (shop, kind, about, event_type, at, body)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[]);

-- name: want_refresh
-- Begins a fan-out for each shop whose workflows depend on time in another way than when its customers were looked at last.
-- It starts only after $4, so that every engine follows the catalog before.
with given as (
    select g.shop, g.fingerprint
    from unnest($1::text[], $2::text[]) as g (shop, fingerprint)
    where g.fingerprint <> '' or exists (select from engine.refreshed as r where r.shop = g.shop)
), changed as (
    insert into engine.refreshed as r (shop, fingerprint)
    select shop, fingerprint from given
    on conflict (shop) do update set fingerprint = excluded.fingerprint
    where r.fingerprint <> excluded.fingerprint
    returning shop, fingerprint
)
insert into engine.fanout (shop, kind, about, at, lease_until)
select shop, 'refresh', fingerprint, $3::timestamptz, clock_timestamp() + $4::interval from changed;

-- name: claim
-- Takes up to $2 fanouts that nobody works on, the oldest first, until $1 is over.
with free as (
    select number, shop
    from engine.fanout
    where lease_until <= clock_timestamp()
    order by number
    limit $2
    for update skip locked
)
update engine.fanout as f
set lease_until = clock_timestamp() + $1::interval
from free
where f.number = free.number and f.shop = free.shop
returning f.number, f.shop, f.kind, f.about, f.event_type, f.at, f.body::text as body, f.cursor_key, f.cursor_run,
    f.lease_until, f.began_at;

-- name: advance
-- Notes how far fan-outs have come and frees them, if they are still held under the same lease.
update engine.fanout as f
set cursor_key = n.cursor_key, cursor_run = n.cursor_run, lease_until = '-infinity'
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::text[])
    as n (number, shop, lease_until, cursor_key, cursor_run)
where f.number = n.number and f.shop = n.shop and f.lease_until = n.lease_until;

-- name: finish
-- These fan-outs are at their end.
delete from engine.fanout as f
using unnest($1::bigint[], $2::text[]) as n (number, shop)
where f.number = n.number and f.shop = n.shop;

-- name: without_waiters
-- Which of these events nobody waits for.
select n.number
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as n (number, shop, about, event_type)
where not exists (
    select from engine.waiting as w
    where w.shop = n.shop and w.event_key = n.about and w.event_type = n.event_type
);

-- name: waiters
-- The next page of those who wait for an event: $6 is when it happened.
select key, run_id
from engine.waiting
where shop = $1 and event_key = $2 and event_type = $3 and (key, run_id) > ($4, $5) and since <= $6
order by key, run_id
limit $7;

-- name: customers
-- The next page of a shop's customers; products have facts too, but are none.
select key, case when $4 then facts::text else '' end as facts
from engine.customer
where shop = $1 and key > $2 and left(key, 4) <> 'prd_' and key <> 'shop'
order by key
limit $3;
