-- What workflows come to, as counts.

-- name: add
-- Adds to counts. What names a run ($10) counts where the run's row says; without such a row where it was said itself, if a
-- workflow was; and not at all if the run was a rehearsal. What names no run and no workflow is the shop's own. $14 is the
-- writer. A row of a run is looked for one by one, also as long as the planner believes that there are no runs.
insert into engine.result (
    shop, workflow, version, variant, day, step, measure, detail, currency, writer, count, amount, squares)
select shop, workflow, version, variant, day, step, measure, detail, currency, $14::int,
    sum(count), sum(amount), sum(squares)
from (
    select c.shop, c.run_id, coalesce(r.workflow, c.workflow) as workflow, coalesce(r.version, c.version) as version,
        coalesce(r.variant, c.variant) as variant, coalesce(r.day, c.day) as day, c.step, c.measure, c.detail, c.currency,
        c.count, c.amount, c.squares
    from unnest(
        $1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::date[], $6::text::text[],
        $7::text::text[], $8::text::text[], $9::text::text[], $10::text::text[], $11::bigint[], $12::numeric[],
        $13::numeric[])
        as c (shop, workflow, version, variant, day, step, measure, detail, currency, run_id, count, amount, squares)
    left join lateral (
        select run.workflow, run.version, run.variant, (run.started_at at time zone 'UTC')::date as day
        from engine.run
        where run.shop = c.shop and run.run_id = c.run_id and c.run_id <> ''
        offset 0
    ) as r on true
) as counted
where (workflow <> '' or run_id = '') and variant <> 'test'
group by shop, workflow, version, variant, day, step, measure, detail, currency
on conflict (shop, workflow, day, version, variant, step, measure, detail, currency, writer) do update set
    count = result.count + excluded.count, amount = result.amount + excluded.amount,
    squares = result.squares + excluded.squares;

-- name: read
-- The counts of the workflow $2 of the shop $1 ('' for every shop) for runs that started from $3 to before $4.
select version, variant, day, step, measure, detail, currency,
    sum(count)::bigint as count, sum(amount) as amount, sum(squares) as squares
from engine.result
where ($1 = '' or shop = $1) and workflow = $2 and day >= $3 and day < $4
group by version, variant, day, step, measure, detail, currency
order by day, version, variant, step, measure, detail, currency;

-- name: workflows
-- The workflows of the shop $1 that have counts.
select distinct workflow from engine.result where shop = $1 and workflow <> '' order by workflow;
