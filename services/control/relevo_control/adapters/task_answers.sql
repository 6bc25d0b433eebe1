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
