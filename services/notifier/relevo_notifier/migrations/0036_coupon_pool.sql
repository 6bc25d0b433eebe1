-- What is watched of each pool that has codes: whether it runs low, of which the shop is told once each time.
create table notifier.coupon_pool (
    shop       text        not null,
    pool       text        not null,
    filled     int         not null,            -- codes that it had when some were added last
    warn_below int,                             -- it is low with fewer codes; null: by how many it was filled with
    low_since  timestamptz,                     -- since when the shop knows that it is low; null: it is not
    lows       int         not null default 0,  -- how often the shop was told
    looked_at  timestamptz not null default '-infinity',
    primary key (shop, pool)
);
create index coupon_pool_turn on notifier.coupon_pool (looked_at);

insert into notifier.coupon_pool (shop, pool, filled)
select shop, pool, count(*) from notifier.coupon where call_id is null group by shop, pool;
