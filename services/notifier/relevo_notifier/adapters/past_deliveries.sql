-- What became of the messages and the HTTP calls of one customer, for explaining.

-- name: of_customer
-- The newest deliveries of a customer since $3, also under the keys that were merged into theirs. What is due and does
-- not go yet is put off by what kept its provider, or its shop and destination, back last.
select id, channel, state, attempts, reason, accepted_at, put_off || kept_back.why as put_off, coalesce(settled_at, accepted_at) as at,
    case when state = 'queued' and put_off <> '{}' then wake_at end as again_at,
    (select coalesce(jsonb_agg(jsonb_build_object('kind', f.kind, 'at', f.at, 'provider', f.provider, 'status', f.status,
                                                  'permanent', f.permanent, 'reason', f.reason) order by f.at, f.event_id), '[]')
     from notifier.feedback f where f.shop = delivery.shop and f.id = delivery.id) as feedback,
    (select coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'at', e.at, 'url', e.url, 'machine', e.machine)
                               order by e.at, e.event_id), '[]')
     from notifier.engagement e where e.shop = delivery.shop and e.id = delivery.id) as engagement
from notifier.delivery
cross join lateral (
    select coalesce(array_agg(r.why), '{}') as why
    from (select why from notifier.rate
          where state = 'queued' and rate.provider = delivery.provider and rate.shop in ('', delivery.shop)
              and split_part(name, '/', 2) in ('', destination) and wake_at <= denied_at
          order by denied_at desc
          limit 1) as r
) as kept_back
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
