-- name: decisions_of
-- What these events ($2 keys, $3 ids) of a shop started or did, oldest first; at most $4.
select d.key, d.input_id, d.workflow, d.kind, d.reason, d.run_id
from unnest($2::text[], $3::text[]) as g(key, input_id)
join engine.decision d on d.shop = $1 and d.key = g.key and d.input_id = g.input_id
order by d.at, d.recorded_at
limit $4
