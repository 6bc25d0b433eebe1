-- Webhooks that only name what has changed: it is fetched from the platform's API, and then they are read. A row is
-- removed once it was read. Times but `received` are wall time of the database.
create table ingest.notification (
    number       bigint generated always as identity,
    shop         text not null,
    platform     text not null,
    kind         text not null,               -- of the entity that is fetched
    entity       text not null,               -- its id
    delivery     text not null,
    topic        text not null,
    headers      jsonb not null,
    body         bytea not null,
    received     timestamptz not null,
    due          timestamptz not null default clock_timestamp(),   -- later than now: the shop's API has to be left alone
    leased_until timestamptz,
    failures     integer not null default 0,
    error        text not null default '',    -- of the last try
    primary key (number, shop)
);
create index notification_of_entity on ingest.notification (shop, platform, kind, entity);
create index notification_due on ingest.notification (shop, due);
