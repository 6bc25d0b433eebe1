-- Runs that wait for events about another key (a product), and walks over many customers in pages.

-- Who waits for what: written in the transaction of the run. In the order of the key, so that a walk goes page by page.
create table engine.waiting (
    shop       text        not null,
    event_key  text        not null,          -- whose event is waited for: a product
    event_type text        not null,
    key        text        not null,          -- the customer whose run waits
    run_id     text        not null,
    since      timestamptz not null,          -- what happened before does not concern it
    primary key (shop, event_key, event_type, key, run_id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

create index waiting_of_run on engine.waiting (shop, run_id);

-- The newest event of each product, type and part (a variant): who begins to wait just now looks here.
create table engine.latest_event (
    shop       text        not null,
    event_key  text        not null,
    event_type text        not null,
    part       text        not null,
    at         timestamptz not null,
    event      jsonb       not null,
    primary key (shop, event_key, event_type, part)
) with (fillfactor = 70);

-- Walks that are not at their end: something that concerns many customers, told to them page by page.
create table engine.fanout (
    number      bigint generated always as identity,
    shop        text        not null,
    kind        text        not null,
    about       text        not null,          -- event: the product; start: the calendar entry; refresh: the fingerprint
    event_type  text        not null default '',
    at          timestamptz not null,          -- when it happened, or was due
    body        jsonb       not null default '{}',
    cursor_key  text        not null default '',
    cursor_run  text        not null default '',
    lease_until timestamptz not null default '-infinity',   -- wall time of the database
    primary key (number, shop),
    constraint fanout_kind_is_known check (kind in ('event', 'start', 'refresh'))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- For which workflows the customers of a shop were walked the last time.
create table engine.refreshed (
    shop        text not null primary key,
    fingerprint text not null
);
