-- Deleting deliveries and calls that are over and old, a page at a time, oldest first.

-- name: purge_deliveries
-- Deletes up to $2 deliveries that were taken and settled before $1, and whose outcome is reported.
with old as (
    select shop, id
    from notifier.delivery
    where wake_at is null and accepted_at < $1 and settled_at < $1
    order by accepted_at
    limit $2
    for update skip locked
)
delete from notifier.delivery using old
where delivery.shop = old.shop and delivery.id = old.id

-- name: purge_feedback
-- Deletes up to $2 statements about messages that were told before $1.
with old as (
    select shop, id, event_id from notifier.feedback where told_at < $1 order by told_at limit $2
    for update skip locked
)
delete from notifier.feedback f using old
where f.shop = old.shop and f.id = old.id and f.event_id = old.event_id

-- name: purge_calls
-- Deletes up to $2 calls that were taken and settled before $1, and whose answer is reported.
with old as (
    select shop, id
    from notifier.call
    where wake_at is null and accepted_at < $1 and settled_at < $1
    order by accepted_at
    limit $2
    for update skip locked
)
delete from notifier.call using old
where call.shop = old.shop and call.id = old.id

-- name: purge_places
-- Deletes up to $2 places under caps that were taken so long before $1 that no cap looks back to them.
with old as (
    select shop, id from notifier.place where at < $1::timestamptz - interval '90 days' order by at limit $2 for update skip locked
)
delete from notifier.place using old where place.shop = old.shop and place.id = old.id
