-- Pools whose codes the shop makes by its API, each when it is wanted.
create table notifier.coupon_rule (
    shop       text        not null,
    pool       text        not null,
    rule       jsonb       not null,            -- what the codes are good for
    secret     bytea       not null,            -- what codes are computed with: who knows it can guess them
    created_at timestamptz not null,
    primary key (shop, pool)
);
