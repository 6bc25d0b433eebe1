-- The scheduler's schema. `timer` is written through relevo_runtime.timers, inside the transaction of whoever arms one.
create schema scheduler;

create table scheduler.timer (
    shop       text not null,
    timer_id   text not null,
    key        text not null,                -- the customer (or product): where the wake-up goes
    run_id     text not null,
    turn       int not null,                 -- the run's turn that armed it; a wake-up of another turn is stale
    name       text not null,
    due_at     timestamptz not null,         -- what was asked for; the run reckons with it
    attempt_at timestamptz not null,         -- when to publish next: due_at, and after a publish the end of its lease
    primary key (shop, timer_id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- A row stays until the engine has consumed the wake-up in its own transaction, so a wake-up that was lost comes back.
create index timer_attempt on scheduler.timer (attempt_at);
