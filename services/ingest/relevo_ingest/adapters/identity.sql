-- name: resolve
-- The key of each lookup ($1 its number), with every name that was not known yet stored under that key.
--
-- One row for each name of a lookup. No two lookups of one call share a name (the caller sees to it). The
-- strongest known name decides. Some names are not proof enough to join two persons:
--   kinds 3 to 5 (subscription, order, checkout) don't lead to a key that belongs to another customer id than the
--   one that the lookup names; kinds 2 and 6 (phone, cart: shared in a family, on one computer) neither to a key
--   that belongs to another e-mail address;
--   kind 11 (inventory item) leads nowhere if the lookup names the product itself.
-- A weaker name that led elsewhere moves to the chosen key, so that an event which has only that name follows.
--
-- There is no "on conflict do nothing" on purpose: if another process stores one of the names at the same moment,
-- the whole call fails with unique_violation and is asked again, now seeing the other's names. Otherwise two
-- first events of one person could each make a key of their own.
with asked as (
    select *
      from unnest($1::int[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::boolean[], $7::boolean[])
        as lookup(n, shop, alias, kind, proposed, names_owner, names_email)
), found as materialized (
    -- "limit 1" keeps this a look at the index for each name, also while the table has no statistics yet.
    select asked.*, known.key, known.ctid as place
      from asked left join lateral (
          select key, ctid from ingest.alias where shop = asked.shop and alias = asked.alias limit 1
      ) known on true
), chosen as materialized (
    select distinct on (n) n, shop, coalesce(found.key, proposed) as key
      from (select found.n, found.shop, found.kind, found.proposed,
                   case when found.kind in (0, 1, 10) or (found.kind = 11 and not found.names_owner)
                          or (found.kind between 2 and 6 and not exists (
                       select from ingest.alias owner
                        where owner.shop = found.shop and owner.key = found.key and owner.kind <= 1
                          and ((owner.kind = 0 and found.names_owner)
                            or (owner.kind = 1 and found.names_email and found.kind in (2, 6)))
                   )) then found.key end as key
              from found) found
     order by n, (found.key is null), kind
), moved as (
    update ingest.alias known
       set key = chosen.key
      from found join chosen using (n)
     where known.ctid = found.place and found.key <> chosen.key
), stored as (
    insert into ingest.alias (shop, alias, kind, key)
    select found.shop, found.alias, found.kind, chosen.key
      from found join chosen using (n)
     where found.key is null
     order by found.shop, found.alias    -- every process locks in this order
)
select n, key from chosen;
