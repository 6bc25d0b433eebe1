-- The places under the caps of contact policies.

-- name: lock
-- Holds the places of these people until the transaction ends, always in the same order, and says who they are by now.
with people as materialized (
    select distinct g.shop, coalesce(m.into_key, g.key) as key
    from unnest($1::text[], $2::text[]) as g(shop, key)
    left join notifier.merged m on m.shop = g.shop and m.key = g.key
), locked as materialized (
    select shop, key, pg_advisory_xact_lock(lock)
    from (select shop, key, notifier.place_lock(shop, key) as lock from people order by lock) as o
)
select shop, key from locked

-- name: taken
-- Who these people are by now, with the places that they have taken since $3: as one JSON list each, or null.
select g.shop, g.key, coalesce(m.into_key, g.key) as now_is,
    (select jsonb_agg(jsonb_build_object('id', p.id, 'at', p.at, 'purpose', p.purpose, 'channel', p.channel,
                                         'content', encode(p.content, 'base64')))
     from notifier.place p
     where p.shop = g.shop and p.key = coalesce(m.into_key, g.key) and p.at > $3) as places
from unnest($1::text[], $2::text[]) as g(shop, key)
left join notifier.merged m on m.shop = g.shop and m.key = g.key

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

-- name: take
-- Takes these places; one that is taken already stays as it is.
insert into notifier.place (shop, id, key, channel, purpose, content, at)
select *, $7::timestamptz
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
on conflict (shop, id) do nothing

-- name: settle
-- What was sent ($3) took its place then ($4): the time counts from there. All else gives its place back.
with given as (
    select * from unnest($1::text[], $2::text[], $3::boolean[]) as g(shop, id, sent)
), back as (
    delete from notifier.place p using given g where p.shop = g.shop and p.id = g.id and not g.sent
)
update notifier.place p set at = greatest(p.at, $4::timestamptz)
from given g where p.shop = g.shop and p.id = g.id and g.sent

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
