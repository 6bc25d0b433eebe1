-- What a restored database is told of what happened after the moment that was restored, before services start again.

-- name: settle
-- These deliveries ended so, as Kafka knows: what is open, or not known at all, is never begun again.
insert into notifier.delivery (shop, id, key, channel, state, attempts, accepted_at, settled_at, provider_id, reason)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::timestamptz[],
                     $7::timestamptz[], $8::text[], $9::text[])
on conflict (shop, id) do update
set state = excluded.state, wake_at = null, body = null, outcome = null, settled_at = excluded.settled_at,
    provider_id = excluded.provider_id, reason = excluded.reason
where delivery.state in ('queued', 'sending')

-- name: doubt
-- These deliveries were with a notifier when it ended: as if it had left them in `sending`, so whoever looks at them treats
-- them as in doubt, by their purpose.
insert into notifier.delivery (shop, id, key, channel, purpose, state, attempts, wake_at, accepted_at, body, hops, staff)
select shop, id, key, channel, purpose, 'sending', 1, $10, accepted_at, body, hops, staff
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[], $8::int[], $9::boolean[])
    as g(shop, id, key, channel, purpose, accepted_at, body, hops, staff)
on conflict (shop, id) do update set state = 'sending', attempts = greatest(delivery.attempts, 1), wake_at = excluded.wake_at
where delivery.state = 'queued'

-- name: settle_calls
-- These calls were answered, as Kafka knows: nobody makes them again.
insert into notifier.call (shop, id, key, state, attempts, accepted_at, settled_at, status, reason)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[], $6::timestamptz[],
                     $7::smallint[], $8::text[])
on conflict (shop, id) do update
set state = excluded.state, wake_at = null, body = null, outcome = null, settled_at = excluded.settled_at,
    status = excluded.status, reason = excluded.reason
where call.state in ('queued', 'calling')

-- name: take_codes
-- These effects have these codes of pools: nobody else gets them.
update notifier.coupon c set call_id = g.id, taken_at = g.at
from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as g(shop, id, code, at)
where c.shop = g.shop and lower(c.code) = lower(g.code) and c.call_id is null
    and not exists (select from notifier.coupon o where o.shop = g.shop and o.call_id = g.id)

-- name: report_anew
-- Neither the engine nor Kafka has the outcomes ($3) of these: they are reported once more. The engine knows one that it has.
update notifier.delivery d
set wake_at = $4, outcome = g.outcome
from unnest($1::text[], $2::text[], $3::bytea[]) as g(shop, id, outcome)
where d.shop = g.shop and d.id = g.id and d.wake_at is null and d.outcome is null
