-- Which message to a number or an address asked a survey last.

-- name: note
-- These messages ($4) asked at $5, or may have; nothing is kept of who was erased since they were taken ($7).
insert into notifier.last_survey as l (shop, channel, address, key, at, sent)
select distinct on (g.shop, g.channel, g.address) g.shop, g.channel, g.address, g.key, $5, g.sent
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $6::text[], $7::timestamptz[])
    with ordinality as g(shop, channel, address, sent, key, accepted_at, number)
where not exists (
    select from notifier.redaction r where r.shop = g.shop and r.key in (g.key, '') and r.at >= g.accepted_at
)
order by g.shop, g.channel, g.address, number desc
on conflict (shop, channel, address) do update
set key = excluded.key, at = excluded.at, sent = excluded.sent
where l.at <= excluded.at

-- name: asked
-- What was asked there last.
select sent from notifier.last_survey where shop = $1 and channel = $2 and address = $3
