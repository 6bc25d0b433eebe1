-- name: begin
-- Somebody asks with a key; no row comes back if the key was used before.
insert into control.answer (shop, name, key, request, at)
values ('*', $1, $2, $3, $4)
on conflict do nothing
returning key

-- name: find
-- What was answered to a key, if it was.
select request, status, body
from control.answer
where shop = '*' and name = $1 and key = $2

-- name: finish
-- The answer to a key.
update control.answer
set status = $3, body = $4
where shop = '*' and name = $1 and key = $2

-- name: forget
-- It came to nothing, and may be asked again.
delete from control.answer
where shop = '*' and name = $1 and key = $2 and status is null
