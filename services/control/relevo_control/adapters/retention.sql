-- name: plans
-- Plans that nobody needs any more, with their approvals; the history has what became of them.
delete from control.plan
where (shop, digest) in (
    select shop, digest from control.plan where created_at < $1 order by created_at limit $2 for update skip locked
)
