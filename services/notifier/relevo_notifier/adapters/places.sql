-- The places under the caps of contact policies.

-- name: lock
-- Holds the places of these people until the transaction ends, always in the same order. BEGIN takes it along, which is
-- why it is written with its values instead of parameters.
select pg_advisory_xact_lock(lock)
from (select distinct notifier.place_lock(g.shop, g.key) as lock
      from unnest($1::text[], $2::text[]) as g(shop, key) order by lock) as o

-- name: take
-- Takes these places, for whom the people are by now; one that is taken already stays as it is. Returns who they are,
-- with the places that they had before since $8.
with asked as materialized (
    select g.*, coalesce(m.into_key, g.key) as now_is
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
        as g(shop, id, key, channel, purpose, content)
    left join notifier.merged m on m.shop = g.shop and m.key = g.key
), took as (
    insert into notifier.place (shop, id, key, channel, purpose, content, at)
    select shop, id, now_is, channel, purpose, content, $7::timestamptz from asked
    on conflict (shop, id) do nothing
)
select a.shop, a.key, a.now_is, p.id, p.at, p.purpose, p.channel, p.content
from (select distinct shop, key, now_is from asked) a
left join notifier.place p on p.shop = a.shop and p.key = a.now_is and p.at > $8

-- name: give_back
-- These give back the places that they have just taken.
delete from notifier.place p
using unnest($1::text[], $2::text[]) as g(shop, id)
where p.shop = g.shop and p.id = g.id

-- name: waiting
-- What else is queued for these people, whom the caller knows by their keys of now; up to 100 of each.
select g.shop, g.key, d.id, d.channel, d.wake_at, d.body
from unnest($1::text[], $2::text[]) as g(shop, key)
cross join lateral (
    select d.id, d.channel, d.wake_at, d.body
    from notifier.delivery d
    where d.shop = g.shop and d.state = 'queued'
        and (d.key = g.key or d.key in (select m.key from notifier.merged m where m.shop = g.shop and m.into_key = g.key))
    order by d.wake_at
    limit 100
) d

-- name: hold
-- Holds the places of people who are being merged ($2 into $3), always in the same order.
select pg_advisory_xact_lock(lock)
from (select distinct notifier.place_lock(g.shop, k.key) as lock
      from unnest($1::text[], $2::text[], $3::text[]) as g(shop, gone, kept), unnest(array[g.gone, g.kept]) as k(key)
      order by lock) as o

-- name: merge
-- The places of a customer ($2) are another's ($3) from now on.
update notifier.place set key = $3 where shop = $1 and key = $2

-- name: forget
-- Erases which places these people have taken.
delete from notifier.place p
using unnest($1::text[], $2::text[]) as g(shop, key)
where p.shop = g.shop and p.key = g.key
