-- How many answers were given to a task through control, until the task is long over: of two who answer what they have
-- seen at once, one is first.
create table control.task_answer (
    shop    text        not null,
    task_id text        not null,
    given   bigint      not null,
    at      timestamptz not null,    -- of the last one
    constraint task_answer_pkey primary key (shop, task_id),
    constraint task_answer_counts check (given > 0)
);

create index task_answer_by_age on control.task_answer (at);
