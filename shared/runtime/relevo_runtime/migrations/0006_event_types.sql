-- The events that shops declare themselves (`custom.…`), each with the JSON Schema of its data.
create table catalog.event_type (
    shop        text not null,               -- '*': every shop
    name        text not null check (name ~ '^custom\.[a-z0-9_]+$'),
    schema      jsonb not null,              -- checked before it is written; see docs/events.md for the subset
    author      text not null,
    declared_at timestamptz not null,
    primary key (shop, name)
);
