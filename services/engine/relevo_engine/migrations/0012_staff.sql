-- How the staff hears of tasks, when they work and what they can do how well. Written by `relevo tasks staff`.
alter table engine.staff
    add column phone    text     not null default '',
    add column locale   text     not null default '',
    add column timezone text     not null default '',   -- empty: the shop's
    add column channels text[]   not null default '{}', -- email, sms, slack, teams; none: by e-mail
    add column slack    text     not null default '',   -- names of secrets; no table has an address of a webhook
    add column teams    text     not null default '',
    add column levels   jsonb    not null default '{}', -- the level (1 to 5) of each skill that has one
    add column hours    text[]   not null default '{}', -- 'mon-fri 09:00-17:00'; none: always
    add column absences jsonb    not null default '[]',
    add column capacity smallint not null default 0;    -- the most open tasks; 0: any number

-- What decides who gets a task and hears of it, and why its assignee has it: what was said of each of the staff.
alter table engine.task
    add column version     text     not null default '',
    add column skill_level smallint not null default 0,
    add column urgent      boolean  not null default false,
    add column reassign_at timestamptz,
    add column considered  jsonb    not null default '[]';

-- What the staff is still to hear. A notice without a member is for whoever the task concerns when it is due; one of the
-- kind `digest` is a member's next, `reassign` is when a task goes to somebody else. It says nothing of a customer.
create table engine.notice (
    shop    text        not null,
    id      text        not null,
    kind    text        not null,
    task_id text        not null default '',
    member  text        not null default '',
    due_at  timestamptz not null,
    constraint notice_pkey primary key (shop, id)
);
create index notice_due on engine.notice (due_at);
create index notice_of_task on engine.notice (shop, task_id);
