-- The database's book of a shop, in columns that every release has: it only reads.

-- name: runs
-- Each run: what it is about, and whether it has ended.
select run_id, workflow, run_key as token, ended_at is not null as ended from engine.run where shop = $1;

-- name: deliveries
-- Each delivery and what became of it.
select id, state, doubts from notifier.delivery where shop = $1;

-- name: calls
-- Each call and what became of it.
select id, state, doubts from notifier.call where shop = $1;

-- name: waiting
-- What is under way: messages that are not out, timers, and what waits to be published.
select (select count(*) from notifier.delivery where state in ('queued', 'sending')) as queued,
       (select count(*) from scheduler.timer) as timers,
       (select count(*) from engine.outbox) as outbox;
