-- Figures that the demonstration prints; it only reads.

-- name: runs
-- How many runs of a shop were started and how many have ended.
select count(*) as started, count(ended_at) as ended from engine.run where shop = $1;

-- name: decisions
-- What was decided about some runs of some customers, oldest first.
select run_id, at, input, trace from engine.decision
where shop = $1 and key = any($2::text[]) and run_id = any($3::text[])
order by at, recorded_at;
