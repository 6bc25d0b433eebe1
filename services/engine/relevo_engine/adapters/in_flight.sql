-- The runs in flight of a workflow, for those who change it. Row locks keep the engine and a migration apart: the engine
-- locks the runs of its batch before it decides, and a migration skips what the engine holds and comes back for it.
-- A scope is a shop, or '*' with the shops that it leaves out.

-- name: resting
-- Where the runs of all versions but $2 rest, and how many there are. It reads an index of runs in flight.
select r.version, r.step, coalesce(r.state ->> 'trigger_type', '') as trigger_type,
    coalesce(r.state ->> 'did', '[]') as did, count(*) as runs
from engine.run as r
where r.workflow = $1 and r.version <> $2 and r.end_reason is null
    and (r.shop = $3 or ($3 = '*' and r.shop <> all($4::text[])))
group by 1, 2, 3, 4
order by 1, 2, 3, 4;

-- name: examples
-- Some of the runs that rest at one of these places.
select r.shop, r.run_id, r.key, r.step, r.version, coalesce(r.state ->> 'trigger_type', '') as trigger_type
from engine.run as r
join unnest($5::text[], $6::text[], $7::text[]) as place (version, step, trigger_type)
    on r.version = place.version and r.step = place.step
    and coalesce(r.state ->> 'trigger_type', '') = place.trigger_type
where r.workflow = $1 and r.version <> $2 and r.end_reason is null
    and (r.shop = $3 or ($3 = '*' and r.shop <> all($4::text[])))
order by r.shop, r.started_at, r.run_id
limit $8;

-- name: take
-- Locks a page of runs of a version that nobody works on, with what is known of their customers. $5 are those that
-- were found to stay.
select r.shop, r.key, r.state::text as state, coalesce(c.facts::text, '{}') as facts
from engine.run as r
left join engine.customer as c on c.shop = r.shop and c.key = r.key
where r.workflow = $1 and r.version = $2 and r.end_reason is null
    and (r.shop = $3 or ($3 = '*' and r.shop <> all($4::text[])))
    and r.run_id <> all($5::text[])
limit $6
for update of r skip locked;
