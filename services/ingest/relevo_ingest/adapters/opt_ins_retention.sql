-- name: forget_unconfirmed
-- Deletes up to $2 sign-ups that were asked for before $1 and never confirmed, the oldest first.
with old as (
    select shop, id from ingest.opt_in
     where asked_at < $1 and state <> 'confirmed'
     order by asked_at
     limit $2
       for update skip locked
)
delete from ingest.opt_in kept using old where (kept.shop, kept.id) = (old.shop, old.id)
