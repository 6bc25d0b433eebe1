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
where task.shop = old.shop and task.task_id = old.task_id;

-- name: purge_sales
-- Deletes up to $2 counts of products whose orders weigh less by now than one order of $1 did. It halves in
-- 7776000 seconds (core/recommendations.py).
with faded as (
    select shop, category, product_id
    from engine.sale
    where heat < extract(epoch from $1::timestamptz) * ln(2) / 7776000
    limit $2
    for update skip locked
)
delete from engine.sale using faded
where (sale.shop, sale.category, sale.product_id) = (faded.shop, faded.category, faded.product_id);

-- name: purge_pairs
-- The same for pairs; and of each product only the 200 others stay that it was bought with most.
with placed as (
    select shop, product_id, other_id, heat,
        row_number() over (partition by shop, product_id order by heat desc, other_id) as place
    from engine.co_purchase
), faded as (
    select shop, product_id, other_id
    from placed
    where place > 200 or heat < extract(epoch from $1::timestamptz) * ln(2) / 7776000
    limit $2
)
delete from engine.co_purchase as pair using faded
where (pair.shop, pair.product_id, pair.other_id) = (faded.shop, faded.product_id, faded.other_id)
