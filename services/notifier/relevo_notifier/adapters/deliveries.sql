-- name: accept
-- Takes new deliveries for a provider ($10), each in the state that is given: `sending` with a lease for those that go
-- out at once, `queued` for the others. What is known already is left alone. Returns the new ones; those that go out at once with
-- all that the decision to send needs: the contact as it is known by now, and which of its addresses are suppressed.
with given as (
    select *
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bytea[],
                $11::text[])
        as g(shop, id, key, channel, address, state, wake_at, body, purpose)
), accepted as (
    insert into notifier.delivery (shop, id, key, channel, purpose, provider, tried_by, state, attempts, wake_at,
                                   accepted_at, body)
    select shop, id, key, channel, purpose, $10, case when state = 'sending' then $10 else '' end, state,
        (state = 'sending')::int, wake_at, $9, body
    from given
    on conflict (shop, id) do nothing
    returning shop, id
)
select g.shop, g.id, k.*
from accepted a
join given g using (shop, id)
left join lateral notifier.known_of(g.shop, g.key, g.channel, g.address) k on g.state = 'sending'

-- name: begin
-- Marks queued deliveries as being sent by a provider ($8), each only if its lease is still the caller's; this is the promise that has to
-- be on disk before a provider is called. Those that an earlier try of the same caller ($6: its leases) has marked are
-- the caller's too. Returns those that may go, with the contact and the suppressed addresses.
with given as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $7::int[])
        as g(shop, id, address, lease, attempts)
), begun as (
    update notifier.delivery d
    set state = 'sending', attempts = d.attempts + (d.state = 'queued')::int, wake_at = $5, provider = $8, tried_by = $8
    from given g
    where d.shop = g.shop and d.id = g.id
      and (d.state = 'queued' and d.wake_at = g.lease
           or d.state = 'sending' and d.attempts = g.attempts + 1 and d.wake_at = any($6::timestamptz[]))
    returning d.shop, d.id, d.key, d.channel, d.attempts, g.address
)
select b.shop, b.id, b.attempts, k.*
from begun b
cross join lateral notifier.known_of(b.shop, b.key, b.channel, b.address) k

-- name: known
-- What is known of these people (see `notifier.known_of`), in the order in which they are asked for.
select k.*
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as g(shop, key, channel, address, number)
cross join lateral notifier.known_of(g.shop, g.key, g.channel, g.address) k
order by g.number

-- name: claim_due
-- Claims up to $4 deliveries in the queue of a provider ($5) that somebody has to look at, for whoever asks, until the lease $3:
-- queued ones that are due, those left in `sending` (in doubt: counted as such) and finished ones whose outcome is not
-- reported. Several instances may ask at once: none gets what another has.
with due as (
    select shop, id, state from notifier.delivery
    where channel = $1 and provider = $5 and wake_at <= $2
    order by wake_at
    limit $4
    for update skip locked
)
update notifier.delivery d
set wake_at = $3,
    attempts = d.attempts + (due.state = 'sending')::int,
    doubts = d.doubts + (due.state = 'sending')::int
from due
where d.shop = due.shop and d.id = due.id
returning d.shop, d.id, d.state, d.attempts, d.doubts, d.tried_by, d.accepted_at, d.body, d.outcome,
    d.channel

-- name: next_wake
-- When the next delivery in the queue of a provider has to be looked at.
select min(wake_at) from notifier.delivery where channel = $1 and provider = $2 and wake_at is not null

-- name: reroute
-- Puts the open deliveries of a channel into the queue of the provider that is chosen by now ($2 to $4: shop, purpose,
-- provider; empty: every one): by what says most of them, and the shop says more than the purpose. One that is being
-- sent, or ended and is not reported, moves only if its own provider is none of those in use ($5): nobody would look at it.
with choice as (
    select * from unnest($2::text[], $3::text[], $4::text[]) as c(shop, purpose, provider)
), moved as (
    select o.shop, o.id, coalesce(own.provider, shops.provider, purposes.provider, everyones.provider) as provider
    from notifier.delivery o
    left join choice own on own.shop = o.shop and own.purpose = o.purpose
    left join choice shops on shops.shop = o.shop and shops.purpose = ''
    left join choice purposes on purposes.shop = '' and purposes.purpose = o.purpose
    join choice everyones on everyones.shop = '' and everyones.purpose = ''
    where o.channel = $1 and o.wake_at is not null
        and o.provider <> coalesce(own.provider, shops.provider, purposes.provider, everyones.provider)
        and (o.state = 'queued' or o.provider <> all ($5::text[]))
    for update of o skip locked
)
update notifier.delivery d
set provider = m.provider
from moved m
where d.shop = m.shop and d.id = m.id

-- name: settle
-- Writes down what became of attempts, each only if it is still the caller's (its lease is); one that could not even
-- begin is still queued then. What is known to have been sent counts whoever has taken it over in doubt meanwhile. A
-- final state keeps its `wake_at`, so the update is HOT; the others get the time of the next look, and each reason to
-- put it off is kept once: the first ten, as a provider may word each answer differently. What was not attempted does
-- not count. Returns what was written. Beside it: Kafka has the outcomes of earlier ones ($11, $12), so nothing is left to
-- do there, and the row becomes narrow; and these addresses ($13 to $16) are never written to again.
with reported as (
    update notifier.delivery d
    set wake_at = null, outcome = null, body = null
    from unnest($11::text[], $12::text[]) as r(shop, id)
    where d.shop = r.shop and d.id = r.id and d.outcome is not null
), suppressed as (
    insert into notifier.suppression (shop, channel, address, reason, at)
    select *, $9::timestamptz from unnest($13::text[], $14::text[], $15::text[], $16::text[])
    on conflict (shop, channel, address) do nothing
)
update notifier.delivery d
set state = s.state, provider_id = s.provider_id, reason = s.reason, outcome = s.outcome,
    recipient = case when s.recipient = '' then d.recipient
                     when exists (select from notifier.redaction r
                                  where r.shop = d.shop and r.key in (d.key, '') and r.at >= d.accepted_at) then ''
                     else s.recipient end,
    attempts = d.attempts - (not s.counts)::int, wake_at = coalesce(s.wake_at, d.wake_at), settled_at = $9,
    put_off = case when s.state = 'queued' and cardinality(d.put_off) < 10
                        and s.reason <> all (array_append(d.put_off, ''))
              then array_append(d.put_off, s.reason) else d.put_off end
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::timestamptz[],
            $10::boolean[], $17::text[])
    as s(shop, id, lease, state, provider_id, reason, outcome, wake_at, counts, recipient)
where d.shop = s.shop and d.id = s.id
  and (d.state = 'sending' and (d.wake_at = s.lease or s.state = 'sent')
       or d.state = 'queued' and d.wake_at = s.lease and s.state = 'failed')
returning d.shop, d.id

-- name: by_channel
-- These go on in the queue of another channel, and of its provider.
update notifier.delivery d
set channel = g.channel, provider = g.provider
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as g(shop, id, channel, provider)
where d.shop = g.shop and d.id = g.id and d.state = 'queued'

-- name: mark_unreadable
-- What nobody can read any more is over, without a report: a release that could has to look into it.
update notifier.delivery d
set state = 'failed', wake_at = null, reason = r.reason
from unnest($1::text[], $2::text[], $3::text[]) as r(shop, id, reason)
where d.shop = r.shop and d.id = r.id

-- name: release
-- Gives back what was claimed and not begun, so that another instance takes it at once.
update notifier.delivery d
set wake_at = $4
from unnest($1::text[], $2::text[], $3::timestamptz[]) as r(shop, id, lease)
where d.shop = r.shop and d.id = r.id and d.state = 'queued' and d.wake_at = r.lease
