-- name: take
-- Keeps what a provider ($1) tells at $2 of messages that it was given, and nobody else's; the same twice is one row.
-- An address is suppressed, or unsubscribed, only if the message went there: what is told of another one (a mailbox
-- that it was forwarded to) is kept and changes nothing. Of people who are erased a hash is suppressed, and no words are
-- kept. Returns which of what was told ($3 and on) is about whom, without the erased, and without what the staff was sent.
with given as (
    select * from unnest($3::bytea[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::boolean[],
                         $9::boolean[], $10::text[], $11::text[])
        with ordinality as g(message, event_id, kind, at, address, permanent, suppress, status, reason, number)
), concerned as materialized (
    select g.*, d.shop, d.id, d.key, d.channel, d.accepted_at, d.hops, d.staff, e.erased,
        case when e.erased and g.address <> '' then notifier.hashed(d.shop, g.address)
             when not e.erased and g.address = '' then d.recipient
             when not e.erased and (d.recipient = '' or lower(d.recipient) = lower(g.address)) then
                 coalesce(nullif(d.recipient, ''), g.address)
        end as whom
    from given g
    join notifier.delivery d on notifier.message_of(d.shop, d.id) = g.message and d.tried_by in ($1, '')
    cross join lateral (select exists (
        select from notifier.redaction r where r.shop = d.shop and r.key in (d.key, '') and r.at >= d.accepted_at
    ) as erased) e
), kept as (
    insert into notifier.feedback (shop, id, event_id, provider, kind, at, told_at, permanent, status, reason)
    select shop, id, event_id, $1, kind, at, $2, permanent, status, case when erased then '' else reason end
    from concerned
    on conflict (shop, id, event_id) do nothing
), suppressed as (
    insert into notifier.suppression (shop, channel, address, reason, at)
    select distinct on (shop, channel, whom) shop, channel, whom, case when erased then '' else kind || ': ' || reason end, $2
    from concerned
    where suppress and whom <> ''
    on conflict (shop, channel, address) do nothing
), unsubscribed as (
    insert into notifier.unsubscribed (shop, channel, address, at)
    select distinct shop, channel, whom, least(at, $2)
    from concerned
    where kind in ('unsubscribed', 'complained') and whom <> '' and not staff
    on conflict do nothing
)
select number, shop, id, key, channel, accepted_at, hops from concerned where not erased and not staff order by number
