-- What a restored database is asked; it only reads. Repairs are statements of the tables' owners.

-- name: taken
-- Which of these messages the engine took.
select id from engine.inbox where id = any($1::uuid[])

-- name: remembered_since
-- Since when messages are remembered; null if none is.
select min(period) from engine.inbox

-- name: accepted
-- Which of these deliveries are known, with their states, and whether a notifier took them over: what a repair has written
-- down has no provider.
select d.shop, d.id, d.state, d.provider <> '' as own
from unnest($1::text[], $2::text[]) as g(shop, id) join notifier.delivery d on d.shop = g.shop and d.id = g.id

-- name: called
-- Which of these calls are known, with their states, and whether a notifier took them over: of what a repair has written
-- down nothing was attempted here.
select c.shop, c.id, c.state, c.attempts > 0 or c.state = 'queued' as own
from unnest($1::text[], $2::text[]) as g(shop, id) join notifier.call c on c.shop = g.shop and c.id = g.id

-- name: versions
-- Which of these versions of workflows are there.
select version from catalog.definition where version = any($1::text[])

-- name: figures
-- What waits at the instant $1: in the outbox, overdue, being sent; and when something was settled or decided last.
select
    (select count(*) from engine.outbox) as outbox,
    (select count(*) from scheduler.timer where due_at <= $1) as overdue,
    (select count(*) from notifier.delivery where state = 'sending' and wake_at is not null) as sending,
    greatest((select max(settled_at) from notifier.delivery), (select max(recorded_at) from engine.decision)) as newest

-- name: settled_lately
-- Deliveries whose outcome Kafka took within an hour of the last of them, as far as their runs are known.
select d.shop, d.id as delivery_id, d.key, d.channel, d.state as status, d.settled_at as at, d.reason, r.run_id, r.workflow
from notifier.delivery d
join engine.run r on r.shop = d.shop and r.run_id = regexp_replace(d.id, '/[^/]*/[^/]*$', '')
where d.wake_at is null and d.body is null and d.state in ('sent', 'failed', 'skipped', 'in_doubt')
    and d.settled_at > (select max(settled_at) from notifier.delivery) - interval '1 hour'

-- name: answered_lately
-- The same of calls.
select shop, id from notifier.call
where wake_at is null and body is null and state in ('answered', 'failed', 'in_doubt')
    and settled_at > (select max(settled_at) from notifier.call) - interval '1 hour'
