-- How far the import of a file has come, so that a second start goes on. Holds nothing that stands in the file.
create table ingest.import (
    shop           text        not null,
    kind           text        not null,
    digest         bytea       not null,    -- of the file's content
    settings       bytea       not null,    -- of what says how it is read
    path           text        not null,
    line           bigint      not null,    -- everything that begins on it or before is done
    records        bigint      not null,
    imported       bigint      not null,
    events         bigint      not null,
    rejected_bytes bigint      not null,    -- so long is the file of what was rejected
    reasons        jsonb       not null,    -- how many were rejected for which reason
    began_at       timestamptz not null,
    moved_at       timestamptz not null,
    ended_at       timestamptz,
    constraint import_pkey primary key (shop, kind, digest, settings)
);
