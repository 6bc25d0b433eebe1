-- The table notifier.coupon: the codes of pools, and who has taken them.

-- name: take
-- Takes a code of the pool $3 for the effect $2 that is valid beyond $4: the one that it has, or else the one that ends
-- first. Several may take at once: none gets what another has. No row: there is none left.
with mine as (
    select code, expires_at from notifier.coupon where shop = $1 and call_id = $2
), free as (
    select shop, code from notifier.coupon
    where shop = $1 and pool = $3 and call_id is null and (expires_at is null or expires_at > $4)
      and not exists (select from mine)
    order by expires_at, code
    limit 1
    for update skip locked
), taken as (
    update notifier.coupon c set call_id = $2, taken_at = $5
    from free where c.shop = free.shop and c.code = free.code
    returning c.code, c.expires_at
)
select code, expires_at from mine union all select code, expires_at from taken

-- name: keep
-- Keeps a code that the shop has made for the effect $5; one that it has already, or somebody else, stays as it is.
insert into notifier.coupon (shop, pool, code, expires_at, call_id, taken_at) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing

-- name: code_of
-- The code of the effect $2.
select code from notifier.coupon where shop = $1 and call_id = $2

-- name: left
-- How many codes of the pool $2 are left that are valid at $3; it counts no further than $4.
select count(*) from (
    select from notifier.coupon
    where shop = $1 and pool = $2 and call_id is null and (expires_at is null or expires_at > $3)
    limit $4
) as counted

-- name: import
-- Adds codes to the pool $2; those that the shop has already, in whatever pool, stay as they are. Returns the new ones.
insert into notifier.coupon (shop, pool, code, expires_at)
select $1, $2, code, expires_at from unnest($3::text[], $4::timestamptz[]) as g(code, expires_at)
on conflict do nothing
returning code

-- name: pools
-- The pools of a shop at $2: how many codes are left, were taken, and have ended without; when the next one left ends.
select pool,
    count(*) filter (where call_id is null and (expires_at is null or expires_at > $2)) as left,
    count(*) filter (where call_id is not null) as taken,
    count(*) filter (where call_id is null and expires_at <= $2) as expired,
    min(expires_at) filter (where call_id is null and expires_at > $2) as next_end
from notifier.coupon where shop = $1 group by pool order by pool

-- name: expire
-- The codes of a pool that nobody has taken end at $3: all of them, or those of $4 if it names any. Returns them.
update notifier.coupon set expires_at = $3
where shop = $1 and pool = $2 and call_id is null and (expires_at is null or expires_at > $3)
  and ($4::text[] = '{}' or lower(code) = any($4::text[]))
returning code
