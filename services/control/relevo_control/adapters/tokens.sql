-- name: add
-- A new token.
insert into control.token (shop, token_id, name, hash, roles, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: find
-- A token by its id, with the hash of its text.
select shop, token_id, name, hash, roles, created_at, expires_at, revoked_at
from control.token
where token_id = $1

-- name: all
-- Every token, the newest first.
select shop, token_id, name, roles, created_at, expires_at, revoked_at
from control.token
order by created_at desc, token_id

-- name: revoke
-- A token holds no longer.
update control.token
set revoked_at = $2
where token_id = $1 and revoked_at is null
