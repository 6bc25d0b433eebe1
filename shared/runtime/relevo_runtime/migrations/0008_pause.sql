-- Shops whose records a service puts aside, since too many of them failed. Written by the service that pauses them,
-- deleted by `relevo shops resume`.
create table catalog.pause (
    shop    text        not null,
    service text        not null,
    cause   text        not null,           -- the kind of the failures
    at      timestamptz not null,           -- clock time
    primary key (shop, service)
);
