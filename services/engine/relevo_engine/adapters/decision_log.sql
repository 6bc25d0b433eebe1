-- What the engine has recorded about one customer, for explaining.

-- name: of_customer
-- The facts, the runs in flight, and the newest $5 decisions since $3 (of the workflow $4, or of all), as JSON text for
-- the typed decoder; a decision about a task has what was said to it (`run/step/turn/name` is the id of an answer). One
-- statement, so that all is of the same moment.
select
    (select c.facts::text from engine.customer as c where c.shop = $1 and c.key = $2) as facts,
    array(
        select r.state::text from engine.run as r
        where r.shop = $1 and r.key = $2 and r.ended_at is null and ($4 = '' or r.workflow = $4)
        order by r.started_at, r.run_id
    ) as runs,
    array(
        select json_build_object(
            'at', d.at, 'workflow', d.workflow, 'version', d.version, 'run_id', d.run_id, 'input', d.input,
            'kind', d.kind, 'reason', d.reason, 'path', d.path, 'trace', d.trace,
            'run_key', coalesce(r.run_key, ''),
            'said', (
                select v from engine.task as t, jsonb_array_elements(t.votes) as v
                where d.input = 'task' and t.shop = d.shop and t.key = d.key
                    and t.task_id || '/' || (v ->> 'by') = d.input_id
                limit 1
            )
        )::text
        from engine.decision as d
        left join engine.run as r on r.shop = d.shop and r.run_id = d.run_id
        where d.shop = $1 and d.key = $2 and d.at >= $3::timestamptz and ($4 = '' or d.workflow = $4)
        order by d.at desc, d.recorded_at desc
        limit $5
    ) as decisions;
