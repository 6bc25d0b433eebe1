-- Which reports a shop wants: how often, about what, for whom, and when each is due next. Written by `relevo reports`; the
-- engine that claims one that is due moves it on to the next in the transaction of its messages.
create table engine.report (
    shop     text        not null,
    name     text        not null,
    every    text        not null check (every in ('day', 'week')),
    sections text[]      not null default '{}',   -- none: all
    members  text[]      not null,                -- names of engine.staff
    due_at   timestamptz not null,
    constraint report_pkey primary key (shop, name)
);
create index report_due on engine.report (due_at);
