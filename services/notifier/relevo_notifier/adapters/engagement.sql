-- Who opened a message and followed its links: notifier.engagement.

-- name: keep
-- What events told at $8 of messages that there were, and of nobody who was erased since they were taken.
insert into notifier.engagement (shop, id, event_id, kind, at, url, machine, told_at)
select g.shop, g.id, g.event_id, g.kind, g.at, g.url, g.machine, $8
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
    as g (shop, id, event_id, kind, at, url, machine)
join notifier.delivery d on d.shop = g.shop and d.id = g.id
where not exists (
    select from notifier.redaction r where r.shop = d.shop and r.key in (d.key, '') and r.at >= d.accepted_at
)
on conflict (shop, id, event_id) do nothing

-- name: forget
-- Deletes what these people (shop, key) opened and followed.
delete from notifier.engagement e
using unnest($1::text[], $2::text[]) as g (shop, key), notifier.delivery d
where d.shop = g.shop and d.key = g.key and e.shop = d.shop and e.id = d.id
