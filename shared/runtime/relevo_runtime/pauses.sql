-- Shops whose records a service puts aside.

-- name: pause
-- Pauses shops for a service. Who is paused already stays so, for its first cause.
insert into catalog.pause (shop, service, cause, at)
select shop, $1, cause, $4 from unnest($2::text[], $3::text[]) as k (shop, cause)
on conflict do nothing

-- name: of_service
-- Which shops are paused for a service.
select shop, cause from catalog.pause where service = $1

-- name: every
-- Who is paused, where, why and since when: of the shops in $1 (null: of all).
select shop, service, cause, at from catalog.pause where $1::text[] is null or shop = any ($1) order by shop, service

-- name: resume
-- Ends the pauses of a shop: for one service, or for all that there are.
delete from catalog.pause where shop = $1 and (service = $2 or $2 = '') returning shop, service, cause, at
