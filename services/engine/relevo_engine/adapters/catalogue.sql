-- The products of shops.

-- name: save
-- Writes products as they are now. One that only an order told of ($4 is false) changes nothing that is there.
insert into engine.product (shop, product_id, product, updated_at)
select shop, product_id, product, $5::timestamptz
from unnest($1::text[], $2::text[], $3::jsonb[], $4::boolean[]) as p (shop, product_id, product, told)
where told or not exists (select from engine.product as known where (known.shop, known.product_id) = (p.shop, p.product_id))
order by shop, product_id    -- every process locks in this order
on conflict (shop, product_id) do update set product = excluded.product, updated_at = excluded.updated_at
where not excluded.product ? 'ordered';

-- name: list
-- At most $4 products of the shop $1 with an id after $3, those with $2 in their id, title, categories or vendor.
select product::text as product
from engine.product
where shop = $1 and product_id > $3
  and ($2 = '' or strpos(lower(concat_ws(' ', product_id, product ->> 'title', product ->> 'vendor', product ->> 'categories')),
                         lower($2)) > 0)
order by product_id
limit $4;

-- name: show
-- A product.
select product::text from engine.product where shop = $1 and product_id = $2;
