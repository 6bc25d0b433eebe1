-- What recommendations are made of: how often products are bought of late, and how often together. Counts of orders
-- alone, of nobody in particular. `heat` is the natural logarithm of the sum of exp(seconds since 1970 / time constant)
-- over the orders (relevo_engine.core.recommendations): one number that needs no ageing and sorts as the counts do.
create table engine.sale (
    shop       text             not null,
    category   text             not null,    -- empty: of the whole shop
    product_id text             not null,
    heat       double precision not null,
    constraint sale_pkey primary key (shop, category, product_id)
);
create index sale_best on engine.sale (shop, category, heat desc, product_id);

-- Both directions: (a, b) and (b, a).
create table engine.co_purchase (
    shop       text             not null,
    product_id text             not null,
    other_id   text             not null,
    heat       double precision not null,
    constraint co_purchase_pkey primary key (shop, product_id, other_id)
);
