-- What `relevo doctor` asks; it only reads.

-- name: server
-- The version of PostgreSQL and its clock.
select current_setting('server_version') as version, clock_timestamp() as now

-- name: timers
-- Timers that are due at the instant $1: how many, and since when the oldest.
select count(*) as count, min(due_at) as oldest from scheduler.timer where due_at <= $1

-- name: outbox
-- What was decided and is not on Kafka: how many, and for how many seconds the oldest.
select count(*) as count, coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as seconds
from engine.outbox

-- name: queues
-- Messages and calls that somebody should have looked at before $1.
select channel, count(*) as count, min(wake_at) as oldest
from notifier.delivery where wake_at <= $1 group by channel
union all
select 'call', count(*), min(wake_at) from notifier.call where wake_at <= $1 having count(*) > 0

-- name: again
-- Messages and calls that were tried in vain and are tried again: how many, the oldest, their most frequent reason.
select channel as what, count(*) as count, min(accepted_at) as oldest, mode() within group (order by reason) as reason
from notifier.delivery where wake_at is not null and state = 'queued' and attempts > 0 group by channel
union all
select 'call', count(*), min(accepted_at), mode() within group (order by reason)
from notifier.call where wake_at is not null and state = 'queued' and attempts > 0 having count(*) > 0
order by what

-- name: settled
-- Messages and calls that failed or are in doubt since $1, with their most frequent reason.
select channel as what, state, count(*) as count, mode() within group (order by reason) as reason
from notifier.delivery where state in ('failed', 'in_doubt') and settled_at >= $1 group by channel, state
union all
select 'call', state, count(*), mode() within group (order by reason)
from notifier.call where state in ('failed', 'in_doubt') and settled_at >= $1 group by state
order by what, state

-- name: coupons
-- Pools that codes were taken from since $2, and that the shop makes none for: how many are left at $1, and were taken.
select shop, pool,
    count(*) filter (where call_id is null and (expires_at is null or expires_at > $1)) as left,
    count(*) filter (where taken_at >= $2) as taken
from notifier.coupon c
where not exists (select from notifier.coupon_rule r where r.shop = c.shop and r.pool = c.pool)
group by shop, pool having count(*) filter (where taken_at >= $2) > 0
order by shop, pool
