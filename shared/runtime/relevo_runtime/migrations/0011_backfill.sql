-- When a shop's platform last reached ingest. Written by ingest a few seconds later, read by `relevo connect`.
create table catalog.last_delivery (
    shop       text primary key,
    webhook_at timestamptz,     -- a webhook that was signed with the shop's secret
    ping_at    timestamptz      -- a request that only asks whether somebody is there; anybody can send one
);

-- How far the history of a connected shop was read. Written by `relevo connect SHOP --backfill`.
create table catalog.backfill (
    shop     text        not null,
    resource text        not null,      -- what is read, as the platform names it
    since    timestamptz not null,      -- what changed from then
    until    timestamptz not null,      -- to then
    next     jsonb,                     -- the request for the next page; null: everything is read
    records  bigint      not null,      -- how many were read
    events   bigint      not null,      -- how many events they made
    total    bigint,                    -- how many there were at the beginning, if the platform says so
    primary key (shop, resource)
);
