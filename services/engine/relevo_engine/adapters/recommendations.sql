-- What recommendations are made of (core/recommendations.py). `heat` is a logarithm: the sum of two is log(exp(a) + exp(b)).

-- name: add_sales
-- Adds the heats of orders to those of products.
insert into engine.sale (shop, category, product_id, heat)
select shop, category, product_id, heat
from unnest($1::text[], $2::text[], $3::text[], $4::double precision[]) as s (shop, category, product_id, heat)
order by shop, category, product_id    -- every process locks in this order
on conflict (shop, category, product_id) do update
set heat = greatest(sale.heat, excluded.heat) + ln(1 + exp(-least(abs(sale.heat - excluded.heat), 600)));

-- name: add_pairs
-- Adds the heats of orders to those of pairs of products.
insert into engine.co_purchase (shop, product_id, other_id, heat)
select shop, product_id, other_id, heat
from unnest($1::text[], $2::text[], $3::text[], $4::double precision[]) as p (shop, product_id, other_id, heat)
order by shop, product_id, other_id    -- every process locks in this order
on conflict (shop, product_id, other_id) do update
set heat = greatest(co_purchase.heat, excluded.heat) + ln(1 + exp(-least(abs(co_purchase.heat - excluded.heat), 600)));

-- name: offered
-- What each source but `best_sellers` offers each request, the best first, and how well. $1 is the heat of an order now, $2
-- the shrinkage, $3 how many are offered. What one message asks one source has a number of its own, and its shop: $4 to $6
-- are the products that `also_bought` goes by, $7 to $9 those of `related`, $10 to $12 the categories that it is given by
-- name, $13 to $16 the categories of `interest` with their shares. A source that nobody asks has empty lists.
--
-- `also_bought`: the cosine of two products over orders, shrunk by how many orders of late had both; it is found once a
-- batch of each pair. `related`: the best sellers of the categories. `interest`: what sells best in the categories that a
-- customer likes; the best of a category has its share.
with seed as materialized (
    select n, shop, product_id from unnest($4::int[], $5::text[], $6::text[]) as s (n, shop, product_id)
), pair as materialized (
    select s.shop, s.product_id, co.other_id, co.heat
    from (select distinct shop, product_id from seed) as s
    cross join lateral (
        select other_id, heat from engine.co_purchase
        where co_purchase.shop = s.shop and co_purchase.product_id = s.product_id
        order by heat desc, other_id
        limit 100
    ) as co
), bought as materialized (
    select one.shop, one.product_id, sale.heat
    from (select shop, product_id from seed union select shop, other_id from pair) as one
    cross join lateral (  -- `limit 1` keeps it a look-up: as a join it reads all products of the shop
        select heat from engine.sale
        where (sale.shop, sale.category, sale.product_id) = (one.shop, '', one.product_id)
        limit 1
    ) as sale
), together as materialized (
    select pair.shop, pair.product_id, pair.other_id,
        exp(greatest(pair.heat - (mine.heat + theirs.heat) / 2, -600))
            * exp(greatest(pair.heat - $1, -600)) / (exp(greatest(pair.heat - $1, -600)) + $2) as similarity
    from pair
    join bought as mine on (mine.shop, mine.product_id) = (pair.shop, pair.product_id)
    join bought as theirs on (theirs.shop, theirs.product_id) = (pair.shop, pair.other_id)
), category as (
    select s.n, s.shop, c.category
    from unnest($7::int[], $8::text[], $9::text[]) as s (n, shop, product_id)
    cross join lateral (
        select product from engine.product
        where product.shop = s.shop and product.product_id = s.product_id
        limit 1
    ) as known
    cross join lateral jsonb_array_elements_text(known.product -> 'categories') as c (category)
    where c.category <> ''
    union
    select n, shop, category from unnest($10::int[], $11::text[], $12::text[]) as named (n, shop, category)
), scored (n, product_id, score) as (
    select seed.n, together.other_id, sum(together.similarity)
    from seed
    join together using (shop, product_id)
    group by seed.n, together.other_id
    union all
    select category.n, best.product_id, max(exp(greatest(best.heat - $1, -600)))
    from category
    cross join lateral (
        select product_id, heat from engine.sale
        where sale.shop = category.shop and sale.category = category.category
        order by heat desc, product_id
        limit $3
    ) as best
    group by category.n, best.product_id
    union all
    select liked.n, best.product_id, sum(liked.share * exp(greatest(best.heat - best.top, -600)))
    from unnest($13::int[], $14::text[], $15::text[], $16::double precision[]) as liked (n, shop, category, share)
    cross join lateral (
        select product_id, heat, max(heat) over () as top
        from (
            select product_id, heat from engine.sale
            where sale.shop = liked.shop and sale.category = liked.category
            order by heat desc, product_id
            limit $3
        ) as of_category
    ) as best
    group by liked.n, best.product_id
), placed as (
    select *, row_number() over (partition by n order by score desc, product_id) as place from scored
)
select n, array_agg(product_id order by place) as products, array_agg(score order by place) as scores
from placed
where place <= $3
group by n;

-- name: best_sellers
-- What sells best in each shop of $1, once for all of its requests; $2 is the heat of an order now, $3 how many are offered.
select s.shop, array_agg(best.product_id order by best.heat desc, best.product_id) as products,
    array_agg(exp(greatest(best.heat - $2, -600)) order by best.heat desc, best.product_id) as scores
from unnest($1::text[]) as s (shop)
cross join lateral (
    select product_id, heat from engine.sale
    where sale.shop = s.shop and sale.category = ''
    order by heat desc, product_id
    limit $3
) as best
group by s.shop;

-- name: products
-- What is known of the products $2 of the shops $1.
select known.shop, known.product_id, known.product::text as product
from unnest($1::text[], $2::text[]) as p (shop, product_id)
join engine.product as known using (shop, product_id);
