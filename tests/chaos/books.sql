-- The database's book of a shop: it only reads.

-- name: runs
-- Each run: the checkout that it is about, and whether it has ended.
select run_id, run_key as token, ended_at is not null as ended from engine.run where shop = $1;

-- name: deliveries
-- Each delivery and what became of it.
select id, state, doubts from notifier.delivery where shop = $1;

-- name: promised
-- Which messages may be with a provider: promised to a notifier before $1, and not settled.
select id from notifier.delivery where state = 'sending' and wake_at <= $1;
