-- The contact policies. Written by the `relevo` command, inside its transaction that changes the catalog.

-- name: active
-- The policies in service.
select shop, version, compiled from notifier.policy where active order by shop

-- name: newest
-- The policy in service for a shop ('*': every shop), with its text.
select shop, revision, version, source, compiled, author, note, deployed_at
from notifier.policy where active and shop = $1

-- name: deployments
-- The policies that were deployed, newest first: for the shops in $1 (null: for all), before the revision $2 (null:
-- from the newest on), $3 at most (null: every one).
select shop, revision, version, source, active, author, note, deployed_at
from notifier.policy
where ($1::text[] is null or shop = any ($1)) and ($2::bigint is null or revision < $2)
order by revision desc
limit $3

-- name: retire
-- Takes the policy of a shop out of service.
update notifier.policy set active = false where active and shop = $1

-- name: deploy
-- Puts a policy into service.
insert into notifier.policy (shop, revision, version, source, compiled, active, author, note, deployed_at)
values ($1, $2, $3, $4, $5, true, $6, $7, $8)
