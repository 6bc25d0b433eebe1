-- What became of the messages and the HTTP calls of one customer, for explaining.

-- name: of_customer
-- The newest deliveries of a customer since $3, also under the keys that were merged into theirs.
select id, channel, state, attempts, reason, accepted_at, put_off, coalesce(settled_at, accepted_at) as at,
    case when state = 'queued' and put_off <> '{}' then wake_at end as again_at,
    (select coalesce(jsonb_agg(jsonb_build_object('kind', f.kind, 'at', f.at, 'provider', f.provider, 'status', f.status,
                                                  'permanent', f.permanent, 'reason', f.reason) order by f.at, f.event_id), '[]')
     from notifier.feedback f where f.shop = delivery.shop and f.id = delivery.id) as feedback
from notifier.delivery
where shop = $1 and coalesce(settled_at, accepted_at) >= $3
    and key in (select $2::text union all select key from notifier.merged where shop = $1 and into_key = $2)
order by coalesce(settled_at, accepted_at) desc
limit $4;

-- name: calls_of_customer
-- The newest HTTP calls for a customer since $3, also under the keys that were merged into theirs.
select id, state, status, attempts, reason, coalesce(settled_at, accepted_at) as at
from notifier.call
where shop = $1 and coalesce(settled_at, accepted_at) >= $3
    and key in (select $2::text union all select key from notifier.merged where shop = $1 and into_key = $2)
order by coalesce(settled_at, accepted_at) desc
limit $4
