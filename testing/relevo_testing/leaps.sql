-- What a system whose clock stands at $1 has still to do, and when it has something to do next.

-- name: busy
-- Whether anything is due and not done, or under way: what a process holds has a lease that began now, until $2.
select exists (select from scheduler.timer where due_at <= $1)
    or exists (select from notifier.delivery
               where wake_at is not null and (state = 'sending' or state = 'queued' and (wake_at <= $1 or wake_at = $2)))
    or exists (select from notifier.call
               where wake_at is not null and (state = 'calling' or state = 'queued' and (wake_at <= $1 or wake_at = $2)))

-- name: due
-- When a timer, a message or a call is due next.
select min(at) from (
    select min(due_at) as at from scheduler.timer where due_at > $1
    union all
    select min(wake_at) from notifier.delivery where state = 'queued' and wake_at > $1
    union all
    select min(wake_at) from notifier.call where state = 'queued' and wake_at > $1
) as ahead
