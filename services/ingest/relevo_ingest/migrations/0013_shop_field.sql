-- Which of a shop's own fields (Shopify's metafields, meta data of WooCommerce) say what of its customers.
create table ingest.shop_field (
    shop   text not null,
    field  text not null,    -- birthday, group, attributes.size …
    source text not null,    -- the name that the shop has for it
    constraint shop_field_pkey primary key (shop, field)
);
