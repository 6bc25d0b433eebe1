-- name: lock
-- One at a time appends to the chain of a shop.
select pg_advisory_xact_lock(hashtextextended('control.audit/' || $1, 0))

-- name: last
-- The end of the chain of a shop.
select number, hash
from control.audit
where shop = $1
order by number desc
limit 1

-- name: append
-- One more entry.
insert into control.audit (shop, number, at, actor, means, address, action, object, outcome, hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: shops
-- The shops that have a chain.
select distinct shop
from control.audit
order by shop

-- name: page
-- Entries of a shop's chain after a number, in their order.
select shop, number, at, actor, means, address, action, object, outcome, hash
from control.audit
where shop = $1 and number > $2
order by number
limit $3

-- name: hashes
-- The hashes of these entries, as far as they are there.
select a.shop, a.number, a.hash
from control.audit a
join unnest($1::text[], $2::bigint[]) w (shop, number) using (shop, number)

-- name: newest
-- The newest entries of a shop's chain before a number, the newest first.
select shop, number, at, actor, means, address, action, object, outcome, hash
from control.audit
where shop = $1 and ($2::bigint = 0 or number < $2)
order by number desc
limit $3
