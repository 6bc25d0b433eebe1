-- Who may be asked: the staff of each shop. Written by `relevo tasks staff`.
create table engine.staff (
    shop   text    not null,
    name   text    not null,
    email  text    not null default '',
    skills text[]  not null default '{}',
    roles  text[]  not null default '{}',
    active boolean not null default true,
    primary key (shop, name),
    constraint staff_has_a_name check (name <> '')
);

-- What workflows ask of the staff. Written by the engine in the transaction that decides it; `task_id` is the effect key.
-- `roles` says who may answer, and `skill` who is asked; an escalation replaces the skill and adds to the roles.
create table engine.task (
    shop         text        not null,
    task_id      text        not null,
    run_id       text        not null,
    key          text        not null,
    workflow     text        not null,
    step         text        not null,
    title        text        not null,
    approval     boolean     not null,
    skill        text        not null,
    roles        text[]      not null,
    needed       smallint    not null,
    assignee     text        not null default '',  -- a name of engine.staff; empty: nobody fits
    status       text        not null default 'open' check (status in ('open', 'done', 'closed')),
    deadline     timestamptz,
    opened_at    timestamptz not null,
    reminded_at  timestamptz,
    escalated_at timestamptz,
    closed_at    timestamptz,
    close_reason text        not null default '',
    votes        jsonb       not null default '[]',
    primary key (shop, task_id),
    constraint task_is_open_or_closed check ((status = 'open') = (closed_at is null))
) with (fillfactor = 80);

create index task_open on engine.task (shop, assignee) where status = 'open';
create index task_of_customer on engine.task (shop, key);
