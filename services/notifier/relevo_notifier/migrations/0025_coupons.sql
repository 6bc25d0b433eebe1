-- The codes of the shops' pools, each for one run at most. They stay, so that a code is never handed out again.
create table notifier.coupon (
    shop       text        not null,
    pool       text        not null,
    code       text        not null,
    expires_at timestamptz,                     -- from when on the shop takes it no longer; null: it has no end
    call_id    text,                            -- the effect that took it; null: nobody has
    taken_at   timestamptz,
    primary key (shop, code),
    constraint coupon_taken check ((call_id is null) = (taken_at is null))
);

-- Shops don't tell codes apart by their case.
create unique index coupon_code on notifier.coupon (shop, lower(code));
-- An effect has one code, however often it asks.
create unique index coupon_of_call on notifier.coupon (shop, call_id) where call_id is not null;
create index coupon_left on notifier.coupon (shop, pool, expires_at, code) where call_id is null;
