-- name: forget_known_states
-- Deletes up to $2 states that nobody told of since $1, the oldest first.
with old as (
    select shop, kind, id
      from ingest.known_state
     where touched_at < $1
     order by touched_at
     limit $2
       for update skip locked
)
delete from ingest.known_state known using old
 where (known.shop, known.kind, known.id) = (old.shop, old.kind, old.id)
