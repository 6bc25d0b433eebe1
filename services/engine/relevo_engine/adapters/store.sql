-- The statements of the engine's transaction. Each handles a whole batch; none is run once a row.

-- name: open
-- What a batch needs to be decided, as rows of kind, place of the key in $1 and $2, and text. Kind 1: the facts of a key;
-- 2: an active run of one of the first $3 keys, which is locked; 3: whom a key was merged into. As text: it goes straight
-- to the typed decoder. Kind 0, one row: which messages ($4) were taken just now and not before, as 32 hexadecimal digits
-- each; null for all of them. A message that was taken before is in the period $5 or one beside it ($6). Kind 4, with the
-- place in $7 and $8: what is known of a product.
with wanted as (
    select k.n::int as n, k.shop, k.key
    from unnest($1::text::text[], $2::text::text[]) with ordinality as k (shop, key, n)
), taken as (
    insert into engine.inbox (id, period)
    select m.id, $5::date
    from unnest($4::uuid[]) as m (id)
    where not exists (select from engine.inbox as i where i.id = m.id and i.period = any($6::date[]))
    on conflict do nothing
    returning id
), runs as (
    select k.n, r.body
    from wanted as k
    cross join lateral (  -- key by key, also as long as the planner believes that there are no runs at all
        select state::text as body from engine.run
        where run.shop = k.shop and run.key = k.key and ended_at is null
        for update
    ) as r
    where k.n <= $3
)
select 0 as kind, 0 as n,
    case when count(*) < cardinality($4::uuid[]) then coalesce(encode(string_agg(uuid_send(id), ''), 'hex'), '') end as body
from taken
union all
select 1, k.n, c.facts::text from wanted as k join engine.customer as c using (shop, key)
union all
select 2, n, body from runs
union all
select 3, k.n, m.into_key from wanted as k join engine.merged as m using (shop, key)
union all
select 4, p.n::int, known.product::text
from unnest($7::text::text[], $8::text::text[]) with ordinality as p (shop, product_id, n)
join engine.product as known using (shop, product_id);

-- name: save_customers
-- Writes facts, new or changed.
insert into engine.customer (shop, key, facts, updated_at)
select * from unnest($1::text::text[], $2::text::text[], $3::jsonb[], $4::timestamptz[])
on conflict (shop, key) do update set facts = excluded.facts, updated_at = excluded.updated_at;

-- name: save_runs
-- Writes runs, new or changed; what a run is never changes, where it stands does.
insert into engine.run (shop, run_id, key, workflow, version, run_key, step, started_at, updated_at, ended_at, end_reason, state,
    variant)
select shop, run_id, key, workflow, version, run_key, step, started_at, $9::timestamptz, ended_at, end_reason, state, variant
from unnest(
    $1::text::text[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[],
    $7::text::text[], $8::timestamptz[], $10::timestamptz[], $11::text[], $12::jsonb[],
    $13::text::text[])
    as r (shop, run_id, key, workflow, version, run_key, step, started_at, ended_at, end_reason, state, variant)
on conflict (shop, run_id) do update set
    version = excluded.version, step = excluded.step, updated_at = excluded.updated_at,
    ended_at = excluded.ended_at, end_reason = excluded.end_reason, state = excluded.state,
    variant = excluded.variant;

-- name: append_decisions
-- Appends what was decided and why; $12 has each path as the text of an array.
insert into engine.decision (
    shop, key, recorded_at, at, workflow, version, run_id, input, input_id, kind, reason, path, trace)
select shop, key, $3::timestamptz, at, workflow, version, run_id, input, input_id, kind, reason, path::text[], trace
from unnest(
    $1::text::text[], $2::text::text[], $4::timestamptz[], $5::text::text[], $6::text::text[], $7::text::text[],
    $8::text::text[], $9::text::text[], $10::text::text[], $11::text::text[], $12::text[], $13::jsonb[])
    as d (shop, key, at, workflow, version, run_id, input, input_id, kind, reason, path, trace);

-- name: forget
-- Takes messages out of the inbox that were rejected after all: a redriven dead letter must count as new.
delete from engine.inbox where id = any($1::uuid[]);
