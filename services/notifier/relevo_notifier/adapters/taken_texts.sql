-- Which texts at providers are which deliveries.

-- name: lock
-- Who takes texts of these names ($1) for theirs does so one after another.
select pg_advisory_xact_lock(hashtextextended('notifier.text_taken/' || name, 0))
from (select distinct name from unnest($1::text[]) as name order by name) as names

-- name: free
-- The texts ($3) that no other delivery has than this one ($1, $2).
select name from unnest($3::text[]) as name
where not exists (
    select from notifier.text_taken t where t.provider_id = name and (t.shop, t.id) <> ($1::text, $2::text)
)

-- name: take
-- These texts are those deliveries.
insert into notifier.text_taken (provider_id, shop, id, at)
select provider_id, shop, id, $4 from unnest($1::text[], $2::text[], $3::text[]) as g(provider_id, shop, id)
on conflict do nothing
