-- Whose clicks and openings are not recorded: ingest.unfollowed.

-- name: among
-- The numbers of those messages whose recipients (shop, key, and the key that they have now) object on their channel, or
-- were erased after they went out.
select m.number
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    with ordinality as m (shop, key, key_now, channel, sent_at, number)
where exists (
    select from ingest.unfollowed as u
    where u.shop = m.shop and u.key in (m.key, m.key_now, '') and (u.reason = m.channel or u.reason = 'erased' and u.at >= m.sent_at)
)

-- name: erased
-- These people (shop, key) were erased then.
insert into ingest.unfollowed (shop, key, reason, at)
select e.shop, e.key, 'erased', max(e.at) from unnest($1::text[], $2::text[], $3::timestamptz[]) as e (shop, key, at)
group by e.shop, e.key
on conflict (shop, key, reason) do update set at = greatest(unfollowed.at, excluded.at)

-- name: said
-- These people (shop, key) said then whether they object to be followed on a channel. The newest statement counts.
with said as (
    select distinct on (shop, key, channel) shop, key, channel, objects, at
    from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[])
        as s (shop, key, channel, objects, at)
    order by shop, key, channel, at desc
), agreed as (
    delete from ingest.unfollowed as u using said as s
    where u.shop = s.shop and u.key = s.key and u.reason = s.channel and not s.objects and u.at < s.at
)
insert into ingest.unfollowed (shop, key, reason, at)
select shop, key, channel, at from said where objects
on conflict (shop, key, reason) do update set at = greatest(unfollowed.at, excluded.at)
