-- The content of each id that a shop's own systems sent: a repeated id with another content is told.
create table ingest.event_id (
    shop    text not null,
    id      text not null,
    digest  bytea not null,                  -- 16 bytes of the SHA-256 of type, time and canonical data
    seen_at timestamptz not null,
    constraint event_id_pkey primary key (shop, id)
);

create index event_id_seen on ingest.event_id (seen_at);
