-- What would begin something by itself for a shop is parked while it moves: its time is put off by $2, beyond all times.
-- Rows stay where they are, so that whatever concerns them meanwhile (an erasure, a merge) still finds them. What is
-- later than $3 is parked.

-- name: park_timers
-- Timers.
update scheduler.timer set attempt_at = attempt_at + $2::interval where shop = $1 and attempt_at < $3

-- name: park_deliveries
-- Deliveries in a queue. Whoever has claimed one can't begin it any more: its lease is another.
update notifier.delivery set wake_at = wake_at + $2::interval where shop = $1 and state = 'queued' and wake_at < $3

-- name: park_calls
-- Calls in the queue.
update notifier.call set wake_at = wake_at + $2::interval where shop = $1 and state = 'queued' and wake_at < $3

-- name: park_erasures
-- Requests to erase that wait.
update ingest.pending_erasure set due = due + $2::interval where shop = $1 and state = 'waiting' and due < $3

-- name: park_fanouts
-- Fan-outs that nobody works on at the moment.
update engine.fanout set lease_until = clock_timestamp() + $2::interval
where shop = $1 and lease_until <= clock_timestamp() and lease_until < $3

-- name: unpark_timers
-- They count from when they are due.
update scheduler.timer set attempt_at = due_at, attempts = 0 where shop = $1 and attempt_at >= $3 and $2::interval > '0'

-- name: unpark_deliveries
-- As they were.
update notifier.delivery set wake_at = wake_at - $2::interval where shop = $1 and state = 'queued' and wake_at >= $3

-- name: unpark_calls
-- As they were.
update notifier.call set wake_at = wake_at - $2::interval where shop = $1 and state = 'queued' and wake_at >= $3

-- name: unpark_erasures
-- As they were.
update ingest.pending_erasure set due = due - $2::interval where shop = $1 and state = 'waiting' and due >= $3

-- name: unpark_fanouts
-- Free for whoever works on them next.
update engine.fanout set lease_until = '-infinity' where shop = $1 and lease_until >= $3 and $2::interval > '0'

-- name: under_way
-- What is not parked and not over: of each kind, how many.
select what, count from (
    select 'messages in the outbox' as what, count(*) as count from engine.outbox where shop = $1
    union all
    select 'timers', count(*) from scheduler.timer where shop = $1 and attempt_at < $2
    union all
    select 'deliveries', count(*) from notifier.delivery where shop = $1 and wake_at < $2
    union all
    select 'calls', count(*) from notifier.call where shop = $1 and wake_at < $2
    union all
    select 'erasures', count(*) from ingest.pending_erasure
    where shop = $1 and (state = 'publishing' or state = 'waiting' and due < $2)
    union all
    select 'fan-outs', count(*) from engine.fanout where shop = $1 and lease_until < $2
) as found
where count > 0

-- name: first_timer
-- When the next timer of a shop is due.
select min(attempt_at) from scheduler.timer where shop = $1
