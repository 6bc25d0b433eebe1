-- Deleting what is over and old, a page at a time, oldest first. What somebody else holds is left for the next time.

-- name: purge_runs
-- Deletes up to $2 runs that ended before $1.
with old as (
    select shop, run_id
    from engine.run
    where ended_at < $1
    order by ended_at
    limit $2
    for update skip locked
)
delete from engine.run using old
where run.shop = old.shop and run.run_id = old.run_id

-- name: purge_tasks
-- Deletes up to $2 tasks that closed before $1.
with old as (
    select shop, task_id
    from engine.task
    where closed_at < $1
    order by closed_at
    limit $2
    for update skip locked
)
delete from engine.task using old
where task.shop = old.shop and task.task_id = old.task_id
