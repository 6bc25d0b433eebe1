-- name: answers
-- Answers that nobody asks for again.
delete from control.answer
where (shop, name, key) in (
    select shop, name, key from control.answer where at < $1 order by at limit $2 for update skip locked
)
