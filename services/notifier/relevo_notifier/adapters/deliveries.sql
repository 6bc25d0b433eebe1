-- name: accept
-- Takes new deliveries for a provider ($10), each in the state that is given: `sending` with a lease for those that go
-- out at once, `queued` for the others. What is known already is left alone. Returns the new ones; those that go out at once with
-- all that the decision to send needs: the contact as it is known by now, and which of its addresses are suppressed.
with given as (
    select *
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bytea[],
                $11::text[], $12::int[], $13::text[], $14::boolean[])
        as g(shop, id, key, channel, address, state, wake_at, body, purpose, hops, destination, staff)
), accepted as (
    insert into notifier.delivery (shop, id, key, channel, purpose, destination, provider, tried_by, state, attempts,
                                   wake_at, accepted_at, body, hops, staff)
    select shop, id, key, channel, purpose, destination, $10, case when state = 'sending' then $10 else '' end, state,
        (state = 'sending')::int, wake_at, $9, body, hops, staff
    from given
    on conflict (shop, id) do nothing
    returning shop, id
)
select g.shop, g.id, k.contact::text, k.suppressed, k.unsubscribed, k.redacted_at
from accepted a
join given g using (shop, id)
left join lateral notifier.known_of(g.shop, g.key, g.channel, g.address) k on g.state = 'sending'

-- name: begin
-- Marks queued deliveries as being sent by a provider ($8), each only if its lease is still the caller's; this is the promise that has to
-- be on disk before a provider is called. Those that an earlier try of the same caller ($6: its leases) has marked are
-- the caller's too. A lease that ends after $9 is long enough and stays: the update touches no index then (HOT). Returns
-- those that may go, with their leases, why their runs have ended, the contact and the suppressed addresses.
with begun as (
    update notifier.delivery d
    set state = 'sending', attempts = d.attempts + (d.state = 'queued')::int,
        wake_at = case when d.wake_at > $9 then d.wake_at else $5 end, provider = $8, tried_by = $8
    from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $7::int[]) as g(shop, id, address, lease, attempts)
    where d.shop = g.shop and d.id = g.id
      and (d.state = 'queued' and d.wake_at = g.lease
           or d.state = 'sending' and d.attempts = g.attempts + 1
           and (d.wake_at = any($6::timestamptz[]) or d.wake_at = g.lease and $6::timestamptz[] <> '{}'))
    returning d.shop, d.id, d.key, d.channel, d.attempts, d.wake_at, d.recalled, g.address
)
select b.shop, b.id, b.attempts, b.wake_at, b.recalled, k.contact::text, k.suppressed, k.unsubscribed, k.redacted_at
from begun b
cross join lateral notifier.known_of(b.shop, b.key, b.channel, b.address) k

-- name: known
-- What is known of these people (see `notifier.known_of`), in the order in which they are asked for.
select k.contact::text, k.suppressed, k.unsubscribed, k.redacted_at
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as g(shop, key, channel, address, number)
cross join lateral notifier.known_of(g.shop, g.key, g.channel, g.address) k
order by g.number

-- name: subqueues
-- The subqueues in the queue of a provider ($2), each with the time at which its first delivery has to be looked at; by one
-- look at the index for each, however many wait in it.
with recursive subqueue as (
    (select purpose, destination, shop, wake_at from notifier.delivery
     where channel = $1 and provider = $2 and wake_at is not null
     order by purpose, destination, shop, wake_at
     limit 1)
    union all
    select n.* from subqueue l cross join lateral (
        select d.purpose, d.destination, d.shop, d.wake_at from notifier.delivery d
        where d.channel = $1 and d.provider = $2 and d.wake_at is not null
            and (d.purpose, d.destination, d.shop) > (l.purpose, l.destination, l.shop)
        order by d.purpose, d.destination, d.shop, d.wake_at
        limit 1
    ) n
)
select purpose, destination, shop, wake_at from subqueue

-- name: claim_due
-- Claims deliveries in the queue of a provider ($4) that somebody has to look at, so many of each subqueue ($5 to $8), for
-- whoever asks, until the lease $3: queued ones that are due, those left in `sending` (in doubt: counted as such) and
-- finished ones whose outcome is not reported; with $9 only what is queued and was never in doubt. Several instances may
-- ask at once: none gets what another has. Nobody asks for more than 500; the planner has to know, or it reads the table.
with due as (
    select d.*
    from unnest($5::text[], $6::text[], $7::text[], $8::int[]) as l(purpose, destination, shop, most)
    cross join lateral (
        select o.shop, o.id, o.state from notifier.delivery o
        where o.channel = $1 and o.provider = $4 and o.purpose = l.purpose and o.destination = l.destination
            and o.shop = l.shop and o.wake_at <= $2 and (not $9::boolean or o.state = 'queued' and o.doubts = 0)
        order by o.wake_at
        limit l.most
        for update skip locked
    ) d
    limit 500
)
update notifier.delivery d
set wake_at = $3,
    attempts = d.attempts + (due.state = 'sending')::int,
    doubts = d.doubts + (due.state = 'sending')::int
from due
where d.shop = due.shop and d.id = due.id
returning d.shop, d.id, d.state, d.attempts, d.doubts, d.tried_by, d.accepted_at, d.body, d.outcome,
    d.channel, d.purpose, d.destination, d.reached, d.recalled

-- name: next_wake
-- When the next delivery in the queue of a provider has to be looked at.
select min(wake_at) from notifier.delivery where channel = $1 and provider = $2 and wake_at is not null

-- name: reroute
-- Puts the open deliveries of a channel into the queue of the provider that is chosen by now ($2 to $4: shop, purpose,
-- provider; empty: every one): by what says most of them, and the shop says more than the purpose. One that is being
-- sent, was in doubt, or ended and is not reported, moves only if its own provider is none of those in use ($5): nobody
-- would look at it.
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
        and (o.state = 'queued' and o.doubts = 0 or o.provider <> all ($5::text[]))
    for update of o skip locked
)
update notifier.delivery d
set provider = m.provider
from moved m
where d.shop = m.shop and d.id = m.id

-- name: settle
-- Writes down what became of attempts, each only if it is still the caller's (its lease is); one that could not even
-- begin is still queued then. What is known to have been sent counts whoever has taken it over in doubt meanwhile. A
-- final state keeps its `wake_at`, so the update is HOT; the others get the time of the next look (at once, if their run
-- has ended meanwhile), and each reason to put it off is kept once: the first ten, as a provider may word each answer
-- differently. What was not attempted does not count. Returns what was written. Beside it: Kafka has the outcomes of earlier
-- ones ($11, $12), so nothing is left to do there, and the row becomes narrow; these addresses ($13 to $16) are never
-- written to again; and of what has a place under a cap ($18), that which was sent took its place then, what may have been
-- keeps it, and all else gives it back.
-- Whatever became of the rows: these messages ($19 to $27) were the last to these numbers, or may have been, whose answer a
-- message from there is (nothing is kept of who was erased since they were taken); and these texts at providers ($28 to
-- $30) are those deliveries.
with reported as (
    update notifier.delivery d
    set wake_at = null, outcome = null, body = null
    from unnest($11::text[], $12::text[]) as r(shop, id)
    where d.shop = r.shop and d.id = r.id and d.outcome is not null
), suppressed as (
    insert into notifier.suppression (shop, channel, address, reason, at)
    select *, $9::timestamptz from unnest($13::text[], $14::text[], $15::text[], $16::text[])
    on conflict (shop, channel, address) do nothing
), noted as (
    insert into notifier.last_message as l (shop, channel, address, key, delivery_id, workflow, step, at, hops)
    select distinct on (g.shop, g.channel, g.address)
        g.shop, g.channel, g.address, g.key, g.id, g.workflow, g.step, $9, g.hops
    from unnest($19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[],
                $26::timestamptz[], $27::int[])
        with ordinality as g(shop, channel, address, key, id, workflow, step, accepted_at, hops, number)
    where not exists (
        select from notifier.redaction r where r.shop = g.shop and r.key in (g.key, '') and r.at >= g.accepted_at
    )
    order by g.shop, g.channel, g.address, number desc
    on conflict (shop, channel, address) do update
    set key = excluded.key, delivery_id = excluded.delivery_id, workflow = excluded.workflow, step = excluded.step,
        at = excluded.at, hops = excluded.hops
    where l.at <= excluded.at
), texts as (
    insert into notifier.text_taken (provider_id, shop, id, at)
    select provider_id, shop, id, $9 from unnest($28::text[], $29::text[], $30::text[]) as g(provider_id, shop, id)
    on conflict do nothing
), written as (
    update notifier.delivery d
    set state = s.state, provider_id = s.provider_id, reason = s.reason, outcome = s.outcome,
        recipient = case when s.recipient = '' then d.recipient
                         when exists (select from notifier.redaction r
                                      where r.shop = d.shop and r.key in (d.key, '') and r.at >= d.accepted_at) then ''
                         else s.recipient end,
        attempts = d.attempts - (not s.counts)::int, wake_at = case when d.recalled <> '' and s.state = 'queued' then $9 else coalesce(s.wake_at, d.wake_at) end, settled_at = $9,
        put_off = case when s.state = 'queued' and cardinality(d.put_off) < 10
                            and s.reason <> all (array_append(d.put_off, ''))
                  then array_append(d.put_off, s.reason) else d.put_off end
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::timestamptz[],
                $10::boolean[], $17::text[], $18::boolean[])
        as s(shop, id, lease, state, provider_id, reason, outcome, wake_at, counts, recipient, placed)
    where d.shop = s.shop and d.id = s.id
      and (d.state = 'sending' and (d.wake_at = s.lease or s.state = 'sent')
           or d.state = 'queued' and d.wake_at = s.lease and s.state = 'failed')
    returning d.shop, d.id, d.state, s.placed
), back as (
    delete from notifier.place p using written w
    where w.placed and w.state not in ('sent', 'sending', 'in_doubt') and p.shop = w.shop and p.id = w.id
), kept as (
    update notifier.place p set at = greatest(p.at, $9::timestamptz) from written w
    where w.placed and w.state = 'sent' and p.shop = w.shop and p.id = w.id
)
select shop, id from written

-- name: recall
-- The runs of these deliveries have ended, for these reasons: what waits is looked at now, and is not sent. One that is being
-- sent goes out; should it be put off instead, it is known there.
update notifier.delivery d
set recalled = g.reason, wake_at = case when d.state = 'queued' then $4 else d.wake_at end
from unnest($1::text[], $2::text[], $3::text[]) as g(shop, id, reason)
where d.shop = g.shop and d.id = g.id and d.state in ('queued', 'sending') and d.recalled = ''

-- name: by_channel
-- These go on in the queue of another channel, and of its provider.
update notifier.delivery d
set channel = g.channel, provider = g.provider, destination = g.destination
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    as g(shop, id, channel, provider, destination)
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

-- name: gone_devices
-- Which of these endpoints take no messages any more.
select s.shop, s.address
from unnest($1::text[], $2::text[]) as g(shop, address)
join notifier.suppression s on s.shop = g.shop and s.channel = 'push' and s.address = g.address

-- name: reached
-- These devices have a message, or may have it, and get it no more; and these ($3 and on) take none any more at all.
with gone as (
    insert into notifier.suppression (shop, channel, address, reason, at)
    select shop, 'push', endpoint, 'the browser takes no messages any more', $5
    from unnest($3::text[], $4::text[]) as g(shop, endpoint)
    on conflict (shop, channel, address) do nothing
)
update notifier.delivery d
set reached = d.reached || r.mark
from (select shop, id, array_agg(mark) as mark
      from unnest($1::text[], $2::text[], $6::text[]) as m(shop, id, mark) group by shop, id) r
where d.shop = r.shop and d.id = r.id
