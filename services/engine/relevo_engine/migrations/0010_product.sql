-- What is known of the products of shops: folded from their events, in the transaction of the event.
create table engine.product (
    shop       text        not null,
    product_id text        not null,
    product    jsonb       not null,    -- the core's Product
    updated_at timestamptz not null,
    constraint product_pkey primary key (shop, product_id)
);
