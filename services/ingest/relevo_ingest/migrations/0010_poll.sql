-- How far the lists of a polled shop were read, and which process asks it now. Times are wall time of the database,
-- those inside `cursors` are the shop's.
create table ingest.poll (
    shop         text primary key,
    epoch        bigint not null default 0,      -- of the last lease: one of an older epoch changes nothing
    leased_until timestamptz,
    due          timestamptz not null default clock_timestamp(),
    failures     integer not null default 0,     -- turns in a row that failed
    error        text not null default '',       -- of the last turn
    read_at      timestamptz,                    -- when everything had been read to its end last
    cursors      jsonb not null default '{}'
);
