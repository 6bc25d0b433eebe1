-- How far the history of shops was read.

-- name: of_shop
-- What was read of a shop, and how far.
select resource, since, until, next, records, events, total from catalog.backfill where shop = $1

-- name: keep
-- How far one list of a shop was read.
insert into catalog.backfill (shop, resource, since, until, next, records, events, total)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (shop, resource) do update
set since = excluded.since, until = excluded.until, next = excluded.next, records = excluded.records,
    events = excluded.events, total = excluded.total

-- name: forget
-- Nothing was read of a shop.
delete from catalog.backfill where shop = $1
