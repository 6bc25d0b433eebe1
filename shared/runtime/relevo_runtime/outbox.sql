-- name: put
-- Keeps messages until Kafka has them.
insert into engine.outbox (shop, id, topic, key, value)
select shop, id, topic, key, value
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[]) as t (shop, id, topic, key, value)
returning number

-- name: delete
-- Forgets messages that Kafka has acknowledged.
delete from engine.outbox where number = any($1::bigint[])

-- name: claim_left_behind
-- Takes up to $2 messages that nobody has touched for $1 and marks them as touched now.
with old as (
    select number, shop
    from engine.outbox
    where coalesce(claimed_at, created_at) < clock_timestamp() - $1::interval
    order by number
    limit $2
    for update skip locked
)
update engine.outbox
set claimed_at = clock_timestamp()
from old
where outbox.number = old.number and outbox.shop = old.shop
returning outbox.number, outbox.shop, outbox.id, outbox.topic, outbox.key, outbox.value
