-- name: runs
-- Runs of a shop by their ids, which the primary key has in order: after $3, among $6 that are looked at.
select shop, run_id, key, workflow, version, step, started_at, updated_at, ended_at, end_reason
from (select * from engine.run where shop = $1 and run_id > $3 order by run_id limit $6) looked
where ($2 = '' or workflow = $2) and (not $4 or ended_at is null)
order by run_id
limit $5

-- name: last_looked_at
-- The last of the $3 runs after $2 that are looked at; no row if there are fewer.
select run_id
from engine.run
where shop = $1 and run_id > $2
order by run_id
offset $3 - 1
limit 1

-- name: imports
-- Imports of a shop, the newest first: after the one that began at $2 with the digest $3.
select shop, kind, path, records, imported, events, reasons, began_at, moved_at, ended_at, encode(digest, 'hex') as digest
from ingest.import
where shop = $1 and ($2::timestamptz is null or (began_at, encode(digest, 'hex')) < ($2, $3))
order by began_at desc, encode(digest, 'hex') desc
limit $4
