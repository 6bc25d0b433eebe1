-- How Relevo reaches the API of a shop's platform, and what it registered there. Written by `relevo connect`.
create table catalog.connection (
    shop         text primary key,
    platform     text not null,
    base_url     text not null,              -- where the API is; paths are added to it
    credentials  jsonb not null,             -- by the names that the platform has: secrets, sealed if there is a key
    settings     jsonb not null default '{}',    -- what else the platform needs to know of the shop
    registered   jsonb not null default '{}',    -- the ids of the webhooks that were registered there, by topic
    connected_at timestamptz not null
);
