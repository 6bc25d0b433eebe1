-- name: set_timers
-- Arms timers, or moves those that are armed already.
insert into scheduler.timer (shop, timer_id, key, run_id, turn, name, due_at, attempt_at)
select shop, timer_id, key, run_id, turn, name, due_at, due_at
from unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::int[], $6::text::text[],
            $7::timestamptz[])
     as t (shop, timer_id, key, run_id, turn, name, due_at)
on conflict (shop, timer_id) do update
set key = excluded.key, run_id = excluded.run_id, turn = excluded.turn, name = excluded.name,
    due_at = excluded.due_at, attempt_at = excluded.attempt_at, attempts = 0

-- name: rekey_timers
-- These timers wake another key.
update scheduler.timer
set key = moved.key
from unnest($1::text[], $2::text[], $3::text[]) as moved (shop, timer_id, key)
where timer.shop = moved.shop and timer.timer_id = moved.timer_id

-- name: arm_missing
-- Arms timers that are not armed yet.
insert into scheduler.timer (shop, timer_id, key, run_id, turn, name, due_at, attempt_at)
select shop, timer_id, key, run_id, turn, name, due_at, due_at
from unnest($1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::int[], $6::text::text[],
            $7::timestamptz[])
     as t (shop, timer_id, key, run_id, turn, name, due_at)
on conflict (shop, timer_id) do nothing

-- name: cancel_timers
-- Disarms timers.
delete from scheduler.timer
using unnest($1::text[], $2::text[]) as gone (shop, timer_id)
where timer.shop = gone.shop and timer.timer_id = gone.timer_id

-- name: disarm_timers
-- Disarms timers; those with a due time and a turn only if they were not armed anew since, for another of the two.
delete from scheduler.timer
using unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[]) as gone (shop, timer_id, due_at, turn)
where timer.shop = gone.shop and timer.timer_id = gone.timer_id
  and (gone.due_at is null or (timer.due_at = gone.due_at and timer.turn = gone.turn))

-- name: consume_timers
-- Forgets timers that have fired, unless they were armed anew since.
delete from scheduler.timer
using unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[]) as fired (shop, timer_id, due_at, turn)
where timer.shop = fired.shop and timer.timer_id = fired.timer_id
  and timer.due_at = fired.due_at and timer.turn = fired.turn

-- name: claim_due
-- Takes up to $3 timers that are due at $1 and leases them until $2; others may claim beside it. Each further time the
-- lease of a timer is twice as long, up to 64 times: it was published before, and waits for an engine. The first column
-- is when the next one after $1 wants to be claimed, as it was before; there is a row with it where none is due.
with due as (
    select shop, timer_id, attempts
    from scheduler.timer
    where attempt_at <= $1
    order by attempt_at
    limit $3
    for update skip locked
), claimed as (
    update scheduler.timer
    set attempt_at = $1::timestamptz + ($2::timestamptz - $1::timestamptz) * power(2, least(due.attempts, 6)),
        attempts = due.attempts + 1
    from due
    where timer.shop = due.shop and timer.timer_id = due.timer_id
    returning timer.shop, timer.key, timer.timer_id, timer.due_at, timer.run_id, timer.turn, timer.name, due.attempts
)
select next.at, claimed.*
from (select min(attempt_at) as at from scheduler.timer where attempt_at > $1) as next
left join claimed on true

-- name: unclaim
-- Claimed timers were not published after all: it does not count, and they come back at $5 at the latest.
update scheduler.timer
set attempts = claimed.attempts, attempt_at = least(timer.attempt_at, $5)
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[]) as claimed (shop, timer_id, due_at, attempts)
where timer.shop = claimed.shop and timer.timer_id = claimed.timer_id
  and timer.due_at = claimed.due_at and timer.attempts = claimed.attempts + 1

-- name: announce
-- Wakes the schedulers that wait for ARMED.
select pg_notify('relevo_timer_armed', $1)
