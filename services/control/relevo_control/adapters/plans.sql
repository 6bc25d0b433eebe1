-- name: put
-- A plan; one with the same digest that was applied before starts anew, and one that was not stays its author's.
insert into control.plan (shop, digest, author, wish, created_at)
values ($1, $2, $3, $4, $5)
on conflict (shop, digest) do update
set author = excluded.author, wish = excluded.wish, created_at = excluded.created_at, applied_at = null
where plan.applied_at is not null

-- name: drop_used_approvals
-- The approvals of a plan that was applied: they were for that time.
delete from control.approval a
using control.plan p
where p.shop = $1 and p.digest = $2 and p.applied_at is not null and (a.shop, a.digest) = (p.shop, p.digest)

-- name: find
-- A plan by its digest.
select shop, digest, author, wish, created_at, applied_at
from control.plan
where digest = $1

-- name: approvals
-- Who approved a plan, the first one first.
select name, at
from control.approval
where shop = $1 and digest = $2
order by at, name

-- name: approve
-- Somebody approves a plan, once.
insert into control.approval (shop, digest, name, at)
values ($1, $2, $3, $4)
on conflict do nothing

-- name: applied
-- A plan was carried out.
update control.plan
set applied_at = $3
where shop = $1 and digest = $2
