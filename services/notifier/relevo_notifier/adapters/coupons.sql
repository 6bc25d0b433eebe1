-- The tables notifier.coupon and .coupon_pool: the codes of pools, who has taken them, and which pools run low.

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
-- How many codes of the pool $2 are left that are valid at $3.
select count(*) from notifier.coupon
where shop = $1 and pool = $2 and call_id is null and (expires_at is null or expires_at > $3)

-- name: import
-- Adds codes to the pool $2; those that the shop has already, in whatever pool, stay as they are. Returns the new ones.
insert into notifier.coupon (shop, pool, code, expires_at)
select $1, $2, code, expires_at from unnest($3::text[], $4::timestamptz[]) as g(code, expires_at)
on conflict do nothing
returning code

-- name: fill
-- The pool $2 has been filled, with what is left of it at $3.
insert into notifier.coupon_pool (shop, pool, filled)
select $1, $2, count(*) from notifier.coupon
where shop = $1 and pool = $2 and call_id is null and (expires_at is null or expires_at > $3)
on conflict (shop, pool) do update set filled = excluded.filled

-- name: warn_below
-- The pool $2 is low with fewer codes than $3; null: with less than a tenth of what it was filled with. Returns it if it is one.
update notifier.coupon_pool set warn_below = $3 where shop = $1 and pool = $2 returning pool

-- name: look
-- Takes up to $3 pools that nobody has looked at since $2, and gives those of which the shop knows something else than
-- is true at $1: that they are low, or no more. A pool whose codes the shop makes is never low.
with due as (
    select shop, pool from notifier.coupon_pool where looked_at <= $2
    order by looked_at limit $3 for update skip locked
), looked as (
    update notifier.coupon_pool p set looked_at = $1 from due where p.shop = due.shop and p.pool = due.pool
    returning p.shop, p.pool, p.lows, p.low_since is not null as known_low,
        coalesce(p.warn_below, least(100, greatest(1, (p.filled + 9) / 10))) as warn_below
), found as (
    select looked.*, counted.codes < warn_below and not exists (
        select from notifier.coupon_rule r where r.shop = looked.shop and r.pool = looked.pool
    ) as low
    from looked cross join lateral (
        select count(*) as codes from (
            select from notifier.coupon c
            where c.shop = looked.shop and c.pool = looked.pool and c.call_id is null
              and (c.expires_at is null or c.expires_at > $1)
            limit looked.warn_below
        ) as up_to_the_limit
    ) as counted
)
select shop, pool, low, lows, warn_below from found where low <> known_low

-- name: told
-- The shop was told of the pool $2, which it heard of $3 times before: that it is low since $4, or (null) no more.
update notifier.coupon_pool set low_since = $4, lows = lows + ($4::timestamptz is not null)::int
where shop = $1 and pool = $2 and lows = $3

-- name: pools
-- The pools of a shop at $2: how many codes are left, were taken, and have ended without; when the next one left ends;
-- with fewer than how many they are low, and since when the shop knows that they are.
with counted as (
    select pool,
        count(*) filter (where call_id is null and (expires_at is null or expires_at > $2)) as left,
        count(*) filter (where call_id is not null) as taken,
        count(*) filter (where call_id is null and expires_at <= $2) as expired,
        min(expires_at) filter (where call_id is null and expires_at > $2) as next_end
    from notifier.coupon where shop = $1 group by pool
)
select counted.*, coalesce(p.warn_below, least(100, greatest(1, (p.filled + 9) / 10)), 0) as warn_below, p.low_since
from counted left join notifier.coupon_pool p on p.shop = $1 and p.pool = counted.pool order by counted.pool

-- name: expire
-- The codes of a pool that nobody has taken end at $3: all of them, or those of $4 if it names any. Returns them.
update notifier.coupon set expires_at = $3
where shop = $1 and pool = $2 and call_id is null and (expires_at is null or expires_at > $3)
  and ($4::text[] = '{}' or lower(code) = any($4::text[]))
returning code
