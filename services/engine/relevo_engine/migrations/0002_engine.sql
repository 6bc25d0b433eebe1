-- The engine's own state. All keys begin with the shop, so that every table can be distributed by it.

-- What the events have told of each customer (or product): the facts that conditions read.
-- fillfactor leaves room on the page, so that an update stays there and touches no index (HOT).
create table engine.customer (
    shop       text        not null,
    key        text        not null,
    facts      jsonb       not null,
    updated_at timestamptz not null,
    primary key (shop, key)
) with (fillfactor = 70);

-- One row a run. `state` is the pure core's Run while the run is active; a finished run keeps a narrow row.
create table engine.run (
    shop       text        not null,
    run_id     text        not null,
    key        text        not null,
    workflow   text        not null,
    version    text        not null,
    run_key    text        not null,
    step       text        not null,
    started_at timestamptz not null,
    updated_at timestamptz not null,
    ended_at   timestamptz,
    end_reason text,
    state      jsonb,
    primary key (shop, run_id),
    constraint run_is_active_or_ended check ((ended_at is null) = (state is not null)),
    constraint run_ends_with_a_reason check ((ended_at is null) = (end_reason is null))
) with (fillfactor = 70);

create index run_active on engine.run (shop, key) where ended_at is null;
create index run_by_version on engine.run (workflow, version) where ended_at is null;

-- Which messages were taken: the same message twice has no effect the second time.
-- `id` is a 128-bit digest of the message's kind, shop and id. Whole periods are dropped for retention.
create table engine.inbox (
    id     uuid not null,
    period date not null,
    primary key (id, period)
) partition by range (period);

create table engine.inbox_default partition of engine.inbox default;

-- Why each thing was or was not started, sent, skipped or ended. Append-only; whole days are dropped for retention.
create table engine.decision (
    shop        text        not null,
    key         text        not null,
    recorded_at timestamptz not null,
    at          timestamptz not null,
    workflow    text        not null,
    version     text        not null,
    run_id      text        not null,
    input       text        not null,
    input_id    text        not null,
    kind        text        not null,
    reason      text        not null,
    path        text[]      not null,
    trace       jsonb       not null
) partition by range (recorded_at);

create table engine.decision_default partition of engine.decision default;

create index decision_of_customer on engine.decision (shop, key, at);
