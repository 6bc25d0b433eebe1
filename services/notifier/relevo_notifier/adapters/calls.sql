-- The table notifier.call, in the same way as notifier.delivery: the queue of what is to be called and the log of it.

-- name: accept
-- Takes new calls, each `calling` with a lease if it goes out at once, `queued` otherwise. What is known already is left
-- alone. Returns the new ones.
insert into notifier.call (shop, id, key, state, attempts, wake_at, accepted_at, body)
select shop, id, key, case when begun then 'calling' else 'queued' end, begun::int, wake_at, $7, body
from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[], $6::bytea[])
    as g(shop, id, key, begun, wake_at, body)
on conflict (shop, id) do nothing
returning shop, id

-- name: begin
-- Marks queued calls as being made, each only if its lease is still the caller's; this is the promise that has to be on
-- disk before anybody is called. Those that an earlier try of the same caller ($5: its leases) has marked are the
-- caller's too. A lease that ends after $7 is long enough and stays: the update touches no index then (HOT). Returns those
-- that may go, with their leases.
update notifier.call c
set state = 'calling', attempts = c.attempts + (c.state = 'queued')::int,
    wake_at = case when c.wake_at > $7 then c.wake_at else $4 end
from unnest($1::text[], $2::text[], $3::timestamptz[], $6::int[]) as g(shop, id, lease, attempts)
where c.shop = g.shop and c.id = g.id
  and (c.state = 'queued' and c.wake_at = g.lease
       or c.state = 'calling' and c.attempts = g.attempts + 1
           and (c.wake_at = any($5::timestamptz[]) or c.wake_at = g.lease and $5::timestamptz[] <> '{}'))
returning c.shop, c.id, c.attempts, c.wake_at

-- name: claim_due
-- Claims up to $3 calls that somebody has to look at, until the lease $2: queued ones that are due, those left in
-- `calling` (in doubt: counted as such) and finished ones whose answer is not reported. Several instances may ask at
-- once: none gets what another has.
with due as (
    select shop, id, state from notifier.call
    where wake_at <= $1
    order by wake_at
    limit $3
    for update skip locked
)
update notifier.call c
set wake_at = $2,
    attempts = c.attempts + (due.state = 'calling')::int,
    doubts = c.doubts + (due.state = 'calling')::int
from due
where c.shop = due.shop and c.id = due.id
returning c.shop, c.id, c.state, c.attempts, c.doubts, c.accepted_at, c.body, c.outcome

-- name: next_wake
-- When the next call has to be looked at.
select min(wake_at) from notifier.call where wake_at is not null

-- name: settle
-- Writes down what became of attempts, each only if it is still the caller's (its lease is); one that could not even
-- begin is still queued then. What is known to have been answered counts whoever has taken it over in doubt meanwhile. A
-- final state keeps its `wake_at` until it is reported; the others get the time of the next look. Returns what was
-- written. And Kafka has the answers of earlier ones ($12, $13): nothing is left to do there, and the row becomes narrow.
with reported as (
    update notifier.call c
    set wake_at = null, outcome = null, body = null
    from unnest($12::text[], $13::text[]) as r(shop, id)
    where c.shop = r.shop and c.id = r.id and c.outcome is not null
)
update notifier.call c
set state = s.state, attempts = s.attempts, doubts = s.doubts, status = s.status, reason = s.reason,
    outcome = s.outcome, wake_at = coalesce(s.wake_at, c.wake_at), settled_at = $10
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::int[], $6::int[], $7::int[], $8::text[],
            $9::bytea[], $11::timestamptz[])
    as s(shop, id, lease, state, attempts, doubts, status, reason, outcome, wake_at)
where c.shop = s.shop and c.id = s.id
  and (c.state = 'calling' and (c.wake_at = s.lease or s.state = 'answered')
       or c.state = 'queued' and c.wake_at = s.lease and s.state = 'failed')
returning c.shop, c.id

-- name: mark_unreadable
-- What nobody can read any more is over, without a report: a release that could has to look into it.
update notifier.call c
set state = 'failed', wake_at = null, reason = r.reason
from unnest($1::text[], $2::text[], $3::text[]) as r(shop, id, reason)
where c.shop = r.shop and c.id = r.id

-- name: release
-- Gives back what was claimed and not begun, so that another instance takes it at once.
update notifier.call c
set wake_at = $4
from unnest($1::text[], $2::text[], $3::timestamptz[]) as r(shop, id, lease)
where c.shop = r.shop and c.id = r.id and c.state = 'queued' and c.wake_at = r.lease
