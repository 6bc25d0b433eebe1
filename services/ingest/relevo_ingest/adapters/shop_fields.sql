-- Which of a shop's own fields say what of its customers.

-- name: all
-- Those of all shops.
select shop, field, source from ingest.shop_field order by shop, field;

-- name: set
-- Sets fields ($2) of the shop $1 to their names there ($3); those with an empty name are taken away.
with given as (
    select field, source from unnest($2::text[], $3::text[]) as one (field, source)
), gone as (
    delete from ingest.shop_field known using given
     where known.shop = $1 and known.field = given.field and given.source = ''
)
insert into ingest.shop_field (shop, field, source)
select $1, field, source from given where source <> ''
on conflict (shop, field) do update set source = excluded.source;
