-- The keys with which messages about people are sealed.

-- name: in_use
-- The keys that seal messages about these people (shop, key), each with the number of its person.
select k.number, d.id, d.secret
from unnest($1::text::text[], $2::text::text[]) with ordinality as k (shop, key, number)
join catalog.data_key as d on d.shop = k.shop and d.key = k.key and not d.retired

-- name: by_id
-- The keys with these ids, of these shops, as far as they are still there.
select k.number, d.id, d.secret
from unnest($1::text[], $2::bytea[]) with ordinality as k (shop, id, number)
join catalog.data_key as d on d.shop = k.shop and d.id = k.id

-- name: keep
-- Keeps new keys; whoever made one at the same moment for the same person was quicker. In order: no two wait in a circle.
insert into catalog.data_key (shop, key, id, secret)
select shop, key, id, secret
from unnest($1::text::text[], $2::text::text[], $3::bytea[], $4::bytea[]) as k (shop, key, id, secret)
order by shop, key
on conflict do nothing

-- name: retire
-- What is published about these people (shop, key) from now on is sealed with new keys.
update catalog.data_key as d set retired = true
from unnest($1::text[], $2::text[]) as k (shop, key)
where d.shop = k.shop and d.key = k.key and not d.retired

-- name: shred
-- Deletes the retired keys of these people (shop, key): nobody can read any more what was sealed with them.
delete from catalog.data_key as d
using unnest($1::text[], $2::text[]) as k (shop, key)
where d.shop = k.shop and d.key = k.key and d.retired

-- name: shred_shop
-- Deletes up to $3 keys of the people of a shop that are older than $2; the shop's own is retired with its erasure.
delete from catalog.data_key
where (shop, id) in (
    select shop, id from catalog.data_key where shop = $1 and key <> 'shop' and created_at < $2 limit $3)
