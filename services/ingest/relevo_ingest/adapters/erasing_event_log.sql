-- Forgetting persons who are erased.

-- name: aliases
-- The names of these persons (shop, key).
select a.shop, a.key, a.alias, a.kind
from unnest($1::text[], $2::text[]) as k (shop, key)
join ingest.alias as a on a.shop = k.shop and a.key = k.key
order by a.shop, a.key, a.kind, a.alias

-- name: owned
-- Which of these keys somebody else has.
select k.shop, k.key from unnest($1::text[], $2::text[]) as k (shop, key)
where exists (select from ingest.alias as a where a.shop = k.shop and a.key = k.key)

-- name: states
-- What is known of these orders (shop, id) and of what belongs to them.
delete from ingest.known_state as s
using unnest($1::text[], $2::text[]) as o (shop, id)
where s.shop = o.shop and ((s.kind = 'order' and s.id = o.id) or (s.state ? 'order' and s.state ->> 'order' = o.id))

-- name: names
-- These names (shop, alias).
delete from ingest.alias as a
using unnest($1::text[], $2::text[]) as n (shop, alias)
where a.shop = n.shop and a.alias = n.alias

-- name: names_of_shop
-- A page ($2) of all names of a shop.
delete from ingest.alias where (shop, alias) in (select shop, alias from ingest.alias where shop = $1 limit $2)

-- name: states_of_shop
-- A page ($2) of all that is known of a shop.
delete from ingest.known_state
where (shop, kind, id) in (select shop, kind, id from ingest.known_state where shop = $1 limit $2)

-- name: imports_of_shop
-- A page ($2) of what is kept of a shop's imports.
delete from ingest.import
where (shop, kind, digest, settings) in (
    select shop, kind, digest, settings from ingest.import where shop = $1 limit $2)
