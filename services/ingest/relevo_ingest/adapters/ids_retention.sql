-- name: forget_event_ids
-- Deletes up to $2 ids that came before $1, the oldest first.
with old as (
    select shop, id from ingest.event_id where seen_at < $1 order by seen_at limit $2 for update skip locked
)
delete from ingest.event_id kept using old where (kept.shop, kept.id) = (old.shop, old.id)
