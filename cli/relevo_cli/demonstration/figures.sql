-- Figures that the demonstration prints; it only reads.

-- name: runs
-- How many runs of a shop were started and how many have ended.
select count(*) as started, count(ended_at) as ended from engine.run where shop = $1;
