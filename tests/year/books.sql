-- What came of the lives, as the database has it.

-- name: cut_short
-- When runs of a shop ended before their last step, or by their goal after it.
select run_id, min(at) as at from engine.decision
where shop = $1 and (kind = 'exited' or kind = 'ended' and reason like 'the goal was reached%')
group by run_id

-- name: withdrawn
-- When a workflow ended somebody's consent.
select key, at from notifier.consent_log where shop = $1 and state = 'withdrawn' and source_id <> $2

-- name: figures
-- How many runs started and ended.
select count(*) as started, count(ended_at) as ended from engine.run where shop = $1

-- name: waiting
-- Which messages still wait.
select id from notifier.delivery where shop = $1 and state in ('queued', 'sending')
