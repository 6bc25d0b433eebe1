-- name: resolve
-- The key of each lookup ($1 its number), with every name that was not known yet stored under that key.
--
-- One row for each name of a lookup. No two lookups of one call share a name (the caller sees to it). The strongest
-- known name that leads decides. A customer id is a person; other names are less:
--   0 customer id: leads to its key, always.
--   1 e-mail, 3 subscription, 4 order: not to a key that has another customer id than the lookup names (two ids are
--     two persons, also if they once shared an address).
--   5 checkout: the same, and neither if the lookup names an address only (somebody else goes on in that browser).
--   2 phone: not to a key with an id or an e-mail address, if the lookup names one (it would be another).
--   6 cart, 7 anonymous id (a browser): not to a key with an id, an address or a number, if the lookup names one.
--   8 account: only ever asked alone.
--   10 product: always; 11 inventory item, 12 SKU: unless the lookup names the product itself.
-- An order or subscription of somebody known goes before an address without an id: it was bought by one person, while
-- an address may have got another owner since. Such an event teaches nothing about addresses and numbers.
-- A name that led elsewhere moves to the chosen key, so that an event which has only that name follows the one who
-- had it last; orders that the event does not name stay with whoever bought them.
--
-- There is no "on conflict do nothing" on purpose: if another process stores one of the names at the same moment,
-- the whole call fails with unique_violation and is asked again, now seeing the other's names. Otherwise two
-- first events of one person could each make a key of their own.
with asked as (
    select lookup.*, min(kind) over same as strongest, bool_or(kind = 1) over same as names_email
      from unnest($1::text::int[], $2::text::text[], $3::text::text[], $4::text::smallint[], $5::text::text[])
        as lookup(n, shop, alias, kind, proposed)
    window same as (partition by n)
), found as materialized (
    -- "limit 1" keeps this a look at the index for each name, also while the table has no statistics yet.
    -- `has` is the strongest of id, address and number that the key has.
    select asked.*, known.key, known.ctid as place, coalesce(
               case when asked.kind between 1 and 7 then
                   (select min(owner.kind) from ingest.alias owner
                     where owner.shop = asked.shop and owner.key = known.key and owner.kind <= 2)
               end, 9) as has
      from asked left join lateral (
          select key, ctid from ingest.alias where shop = asked.shop and alias = asked.alias limit 1
      ) known on true
), ranked as (
    select found.*,
           case when kind in (3, 4) and strongest > 0 and has <= 1 then 0 else kind end as rank,
           case when key is null then false
                when kind in (1, 3, 4) then strongest > 0 or has > 0
                when kind = 5 then (strongest > 0 and not names_email) or has > 0
                when kind = 2 then strongest > 1 or has > 1
                when kind in (6, 7) then strongest > 2 or has > 2
                when kind in (11, 12) then strongest > 10
                else true
           end as leads
      from found
), chosen as materialized (
    select distinct on (n) n, case when leads then key else proposed end as key,
           leads and rank < kind as by_order
      from ranked
     order by n, leads desc, rank, alias
), moved as (
    update ingest.alias known
       set key = chosen.key
      from found join chosen using (n)
     where known.ctid = found.place and found.key <> chosen.key and not (chosen.by_order and found.kind <= 2)
), stored as (
    insert into ingest.alias (shop, alias, kind, key)
    select found.shop, found.alias, found.kind, chosen.key
      from found join chosen using (n)
     where found.key is null and not (chosen.by_order and found.kind <= 2)
     order by found.shop, found.alias    -- every process locks in this order
)
select n, key from chosen;

-- name: keys_of
-- The keys of those of these names that are known.
select distinct key from ingest.alias where shop = $1 and alias = any($2::text[]) order by key;

-- name: merge
-- The names of merged customers lead to the kept one, and an erasure of theirs that still waits is the kept one's.
with erased as (
    update ingest.pending_erasure set key = $3
     where shop = $1 and key = any($2::text[]) and key <> $3 and state in ('waiting', 'publishing')
)
update ingest.alias set key = $3 where shop = $1 and key = any($2::text[]) and key <> $3;

-- name: visitor
-- The key that the name of a browser ($2) leads to, and whether it is a person's: known by more than browsers and carts.
select known.key,
       exists (select from ingest.alias owner
                where owner.shop = known.shop and owner.key = known.key and owner.kind between 0 and 4) as owned
  from ingest.alias known where known.shop = $1 and known.alias = $2
