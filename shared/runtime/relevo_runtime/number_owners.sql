-- name: key_of
-- The key that a number or an address leads to ($2 its alias, of the kind $4), or $3, to which it leads from now on. None, if somebody
-- else stored it at the same moment: ask again.
with known as (
    select key from ingest.alias where shop = $1 and alias = $2
), stored as (
    insert into ingest.alias (shop, alias, kind, key)
    select $1, $2, $4, $3 where not exists (select from known)
    on conflict do nothing
    returning key
)
select key, false as is_new from known
union all
select key, true from stored
