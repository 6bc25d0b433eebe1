-- name: task_answers
-- Counts of answers to tasks that were answered long ago.
delete from control.task_answer
where (shop, task_id) in (
    select shop, task_id from control.task_answer where at < $1 order by at limit $2 for update skip locked
)
