-- Customers who turned out to be one. Every statement runs in the engine's transaction, which holds the partitions of both.

-- name: merge
-- From now on these keys (shop, key) stand for others; what stood for one of them goes along.
with given as (
    select * from unnest($1::text[], $2::text[], $3::text[]) as g (shop, key, into_key)
), earlier as (
    update engine.merged as m set into_key = g.into_key
    from given as g where m.shop = g.shop and m.into_key = g.key and m.key <> g.into_key
)
insert into engine.merged (shop, key, into_key, at)
select shop, key, into_key, $4 from given
on conflict (shop, key) do update set into_key = excluded.into_key;

-- name: runs
-- The runs of a merged customer are the kept one's.
update engine.run as r set key = g.into_key
from unnest($1::text[], $2::text[], $3::text[]) as g (shop, key, into_key)
where r.shop = g.shop and r.key = g.key and r.ended_at is null
returning r.shop, r.run_id;

-- name: ended_runs
-- Those that ended, too: whoever erases the kept customer finds them. Each statement finds its own by an index.
update engine.run as r set key = g.into_key
from unnest($1::text[], $2::text[], $3::text[]) as g (shop, key, into_key)
where r.shop = g.shop and r.key = g.key and r.ended_at is not null;

-- name: earlier_keys
-- The keys that these customers had before.
select m.shop, m.key
from unnest($1::text[], $2::text[]) as g (shop, into_key)
join engine.merged as m using (shop, into_key);

-- name: tasks
-- What the staff is asked about them.
update engine.task as t set key = g.into_key
from unnest($1::text[], $2::text[], $3::text[]) as g (shop, key, into_key)
where t.shop = g.shop and t.key = g.key;

-- name: decisions
-- Why things were done for them.
update engine.decision as d set key = g.into_key
from unnest($1::text[], $2::text[], $3::text[]) as g (shop, key, into_key)
where d.shop = g.shop and d.key = g.key;

-- name: waiting
-- What these runs wait for, under the kept key.
update engine.waiting as w set key = r.key
from unnest($1::text[], $2::text[]) as g (shop, run_id)
join engine.run as r using (shop, run_id)
where w.shop = g.shop and w.run_id = g.run_id and w.key <> r.key
returning w.shop, w.event_key, w.event_type, w.key, w.run_id, w.since;

-- name: forget_facts
-- The facts of the merged customers are in those of the kept ones.
delete from engine.customer as c
using unnest($1::text[], $2::text[]) as g (shop, key)
where c.shop = g.shop and c.key = g.key;
