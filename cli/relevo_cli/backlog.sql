-- What a system has not done yet; it only reads.

-- name: oldest
-- The oldest instant after $2 of what is due at $1 and not done: timers to publish, webhooks whose entities are to be
-- fetched, deliveries and calls that wait, and those that are on their way since their lease ($3) began.
select min(at) from (
    select min(attempt_at) as at from scheduler.timer where attempt_at <= $1 and attempt_at > $2
    union all
    select min(received) from ingest.notification where received <= $1 and received > $2
    union all
    select min(wake_at) from notifier.delivery where state = 'queued' and wake_at <= $1 and wake_at > $2
    union all
    select min(wake_at - $3::interval) from notifier.delivery where state = 'sending' and wake_at > $2 + $3::interval
    union all
    select min(wake_at) from notifier.call where state = 'queued' and wake_at <= $1 and wake_at > $2
    union all
    select min(wake_at - $3::interval) from notifier.call where state = 'calling' and wake_at > $2 + $3::interval
) as waiting;
