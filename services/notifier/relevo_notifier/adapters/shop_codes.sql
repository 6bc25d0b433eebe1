-- The table notifier.coupon_rule: pools whose codes the shop makes.

-- name: rule
-- What the codes of the pool $2 are good for, and what they are computed with.
select rule, secret from notifier.coupon_rule where shop = $1 and pool = $2

-- name: rules
-- The rules of a shop.
select pool, rule from notifier.coupon_rule where shop = $1 order by pool

-- name: set
-- The shop makes the codes of the pool $2. The secret stays what it was, so that a wish gets the code that it had.
insert into notifier.coupon_rule (shop, pool, rule, secret, created_at) values ($1, $2, $3, $4, $5)
on conflict (shop, pool) do update set rule = excluded.rule

-- name: drop
-- The shop makes no more codes for the pool $2.
delete from notifier.coupon_rule where shop = $1 and pool = $2
