-- name: given
-- How many answers were given to a task.
select given
from control.task_answer
where shop = $1 and task_id = $2

-- name: give
-- One more answer to a task, unless others were given than $3 (null: whatever was given); no row comes back then.
insert into control.task_answer (shop, task_id, given, at)
values ($1, $2, 1, $4)
on conflict (shop, task_id) do update
set given = task_answer.given + 1, at = excluded.at
where $3::bigint is null or task_answer.given = $3
returning given

-- name: take_back
-- The answer that was counted as number $3 was not published; nothing happens if another was counted since.
with first as (
    delete from control.task_answer
    where shop = $1 and task_id = $2 and given = $3 and given = 1
)
update control.task_answer
set given = given - 1
where shop = $1 and task_id = $2 and given = $3 and given > 1
