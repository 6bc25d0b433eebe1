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

-- name: purge_engagement
-- Deletes up to $2 openings and clicks that were told before $1.
with old as (
    select shop, id, event_id from notifier.engagement where told_at < $1 order by told_at limit $2
    for update skip locked
)
delete from notifier.engagement e using old
where e.shop = old.shop and e.id = old.id and e.event_id = old.event_id

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

-- name: purge_last_messages
-- Deletes up to $2 notes of which message went where last that are older than $1.
with old as (
    select shop, channel, address from notifier.last_message where at < $1 order by at limit $2 for update skip locked
)
delete from notifier.last_message l using old
where l.shop = old.shop and l.channel = old.channel and l.address = old.address

-- name: purge_last_surveys
-- Deletes up to $2 notes of which message asked what last that are older than $1.
with old as (
    select shop, channel, address from notifier.last_survey where at < $1 order by at limit $2 for update skip locked
)
delete from notifier.last_survey l using old
where l.shop = old.shop and l.channel = old.channel and l.address = old.address

-- name: purge_inbound
-- Deletes up to $2 messages that came before $1.
with old as (
    select shop, provider, message_id from notifier.inbound where at < $1 order by at limit $2 for update skip locked
)
delete from notifier.inbound i using old
where i.shop = old.shop and i.provider = old.provider and i.message_id = old.message_id

-- name: purge_taken_texts
-- Deletes up to $2 notes of which text at a provider is which delivery that are older than $1.
with old as (
    select provider_id, shop, id from notifier.text_taken where at < $1 order by at limit $2 for update skip locked
)
delete from notifier.text_taken t using old
where t.provider_id = old.provider_id and t.shop = old.shop and t.id = old.id
