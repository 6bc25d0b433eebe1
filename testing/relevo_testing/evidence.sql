-- What a system did, for the message of a test that waits for something else.

-- name: decisions
-- The newest decisions about a shop's customers ($1), at most $2.
select at, workflow, kind, reason from engine.decision where shop = $1 order by at desc, recorded_at desc limit $2

-- name: deliveries
-- The newest messages of a shop ($1) that did not go out, or not yet, with the reason; at most $2.
select id, channel, state, reason, wake_at from notifier.delivery
where shop = $1 and state <> 'sent' order by accepted_at desc limit $2
