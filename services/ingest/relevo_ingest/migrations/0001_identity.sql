-- Which names stand for which person or product of a shop. Written by ingest alone.
create schema if not exists ingest;

create table ingest.alias (
    shop  text     not null,
    alias text     not null,    -- "customer:123", "order:9", "email:<hash>": addresses and numbers as a hash only
    kind  smallint not null,    -- relevo_ingest.core.aliases.Kind: the lower, the stronger
    key   text     not null,    -- the opaque key of every event of this person or product
    constraint alias_pkey primary key (shop, alias),
    constraint alias_names_something check (alias <> '' and key <> ''),
    constraint alias_kind_is_known check (kind between 0 and 11)
);

-- Who is known of a key: asked before a weak name (a shared phone, a cart) may lead to it.
create index alias_of_key on ingest.alias (shop, key) where kind <= 1;
