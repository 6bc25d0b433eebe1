-- The statements of the engine's transaction. Each handles a whole batch; none is run once a row.

-- name: lock_partitions
-- One writer a Kafka partition: an engine that lost a partition in a rebalance ends its transaction before the new owner reads.
select pg_advisory_xact_lock(1819, p) from unnest($1::int[]) as p order by p;

-- name: admit
-- Takes the messages that were not taken before and returns their ids.
insert into engine.inbox (id, period)
select m.id, $2::date
from unnest($1::uuid[]) as m (id)
where not exists (select from engine.inbox as i where i.id = m.id)
on conflict do nothing
returning id;

-- name: load_customers
-- What is known of these keys. As text: it goes straight to the typed decoder.
select c.shop, c.key, c.facts::text as facts
from unnest($1::text[], $2::text[]) as k (shop, key)
join engine.customer as c using (shop, key);

-- name: load_runs
-- The active runs of these keys, the oldest first.
select r.shop, r.key, r.state::text as state
from unnest($1::text[], $2::text[]) as k (shop, key)
join engine.run as r using (shop, key)
where r.ended_at is null
order by r.started_at, r.run_id
for update of r;

-- name: save_customers
-- Writes facts, new or changed.
insert into engine.customer (shop, key, facts, updated_at)
select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[])
on conflict (shop, key) do update set facts = excluded.facts, updated_at = excluded.updated_at;

-- name: save_runs
-- Writes runs, new or changed; what a run is never changes, where it stands does.
insert into engine.run (shop, run_id, key, workflow, version, run_key, step, started_at, updated_at, ended_at, end_reason, state)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::jsonb[])
on conflict (shop, run_id) do update set
    version = excluded.version, step = excluded.step, updated_at = excluded.updated_at,
    ended_at = excluded.ended_at, end_reason = excluded.end_reason, state = excluded.state;

-- name: forget
-- Takes messages out of the inbox that were rejected after all: a redriven dead letter must count as new.
delete from engine.inbox where id = any($1::uuid[]);
