-- Erasing customers: what the engine keeps of them goes. `engine.customer` keeps when they were erased, and no more.

-- name: waiting
-- Their runs wait for nothing.
delete from engine.waiting as w
using unnest($1::text[], $2::text[]) as k (shop, key), engine.run as r
where r.shop = k.shop and r.key = k.key and r.ended_at is null and w.shop = r.shop and w.run_id = r.run_id

-- name: active_runs
-- Their runs. Each statement finds its own by an index.
delete from engine.run as r
using unnest($1::text[], $2::text[]) as k (shop, key)
where r.shop = k.shop and r.key = k.key and r.ended_at is null

-- name: ended_runs
-- Their runs that ended long ago.
delete from engine.run as r
using unnest($1::text[], $2::text[]) as k (shop, key)
where r.shop = k.shop and r.key = k.key and r.ended_at is not null

-- name: decisions
-- What was decided about them and why.
delete from engine.decision as d
using unnest($1::text[], $2::text[]) as k (shop, key)
where d.shop = k.shop and d.key = k.key

-- name: outbox
-- What was decided and not published yet. The table is nearly always empty.
delete from engine.outbox as o
using unnest($1::text[], $2::text[]) as k (shop, key)
where o.shop = k.shop and o.key = k.key
