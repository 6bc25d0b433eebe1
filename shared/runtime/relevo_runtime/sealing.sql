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

-- name: in_use_or_new
-- As `in_use`, and who has no key gets the one that is given ($3, $4), which is committed when this returns; such a key
-- comes without a number, by its id. For whom another process makes a key at this moment there is none. In order: no two
-- wait in a circle.
with asked as materialized (
    select k.*, d.id as known_id, d.secret as known_secret
    from unnest($1::text::text[], $2::text::text[], $3::bytea[], $4::bytea[]) with ordinality
        as k (shop, key, id, secret, number)
    left join catalog.data_key as d on d.shop = k.shop and d.key = k.key and not d.retired
), kept as (
    insert into catalog.data_key (shop, key, id, secret)
    select shop, key, id, secret from asked where known_id is null
    order by shop, key
    on conflict do nothing
    returning id, secret
)
select number, known_id, known_secret from asked where known_id is not null
union all
select null, id, secret from kept

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
