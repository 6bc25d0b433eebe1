-- The outbox: what a transaction decided to publish. Written through relevo_runtime.outbox inside that transaction,
-- deleted after Kafka has acknowledged; what a dead engine left behind is published by the scheduler.
create schema engine;

create table engine.outbox (
    number     bigint generated always as identity,
    shop       text not null,
    id         text not null,                -- the effect key: consumers recognise a second publish by it
    topic      text not null,
    key        text not null,                -- the customer: the message key is shop/key
    value      bytea not null,
    created_at timestamptz not null default clock_timestamp(),   -- wall time of the database, as is claimed_at
    claimed_at timestamptz,
    primary key (number, shop)               -- deleted by number; the shop makes the table distributable
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
