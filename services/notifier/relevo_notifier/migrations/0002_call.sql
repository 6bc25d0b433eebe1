-- The HTTP calls of workflows: a queue while they are open, a log afterwards. As notifier.delivery, whose comment holds
-- here too; `reason` never has a header's value in it.
create table notifier.call (
    shop        text not null,
    id          text not null,               -- the effect key, which travels as Idempotency-Key
    key         text not null,               -- the customer
    state       text not null check (state in ('queued', 'calling', 'answered', 'failed', 'in_doubt')),
    attempts    smallint not null,           -- how often the other system was called, or was about to be
    doubts      smallint not null default 0, -- how often an attempt ended without anyone knowing how
    wake_at     timestamptz,
    accepted_at timestamptz not null,
    settled_at  timestamptz,
    status      smallint not null default 0, -- what was answered last; 0: nothing
    reason      text not null default '',
    body        bytea,                       -- the CallHttp as it came; dropped once the answer is reported
    outcome     bytea,                       -- the CallAnswered that Kafka has not acknowledged yet
    primary key (shop, id),
    constraint call_open_has_body check (state not in ('queued', 'calling') or (body is not null and wake_at is not null)),
    constraint call_outcome_wakes check (outcome is null or wake_at is not null)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

create index call_wake on notifier.call (wake_at) where wake_at is not null;
