-- What people say about consent, written to the notifier's tables, where the decision to send reads it.

-- name: person
-- Who has a key of a shop by now, and all that a page about their consent shows: the contact, since when which of its own
-- addresses were unsubscribed, when the person was erased, and the shop's contact policy.
with person as (
    select coalesce((select m.into_key from notifier.merged m where m.shop = $1 and m.key = $2), $2) as key
)
select p.key, c.contact,
    (select jsonb_object_agg(a.channel, k.unsubscribed)
     from unnest($3::text[]) as a(channel), lateral notifier.known_of($1, p.key, a.channel, '') k) as unsubscribed,
    (select max(r.at) from notifier.redaction r where r.shop = $1 and r.key in (p.key, '')) as redacted_at,
    (select o.compiled from notifier.policy o
     where o.active and o.shop in ($1, '*') order by o.shop = '*' limit 1) as policy
from person p
left join notifier.contact c on c.shop = $1 and c.key = p.key

-- name: add
-- There is a contact of this person from now on, so that it can be locked.
insert into notifier.contact (shop, key, contact) values ($1, $2, '{}') on conflict do nothing

-- name: lock
-- The contact of a person, locked until the transaction ends.
select contact from notifier.contact where shop = $1 and key = $2 for update

-- name: merged_into
-- Who this person turned out to be.
select into_key from notifier.merged where shop = $1 and key = $2

-- name: merged
-- Of these people those who turned out to be others, with the keys that they have now.
select m.shop, m.key, m.into_key
from unnest($1::text[], $2::text[]) as g (shop, key)
join notifier.merged m using (shop, key)

-- name: contact
-- The contact of a person.
select contact from notifier.contact where shop = $1 and key = $2

-- name: keep
-- Writes the contact of a person, under the keys too that the person had before.
insert into notifier.contact as c (shop, key, contact)
select $1, k.key, $3
from (select $2::text as key union all select m.key from notifier.merged m where m.shop = $1 and m.into_key = $2) k
on conflict (shop, key) do update set contact = excluded.contact

-- name: reached
-- The addresses that messages to this person went to, whoever else may have them.
select distinct d.recipient
from notifier.delivery d
where d.shop = $1 and d.channel = $3 and d.recipient <> ''
    and (d.key = $2 or d.key in (select m.key from notifier.merged m where m.shop = $1 and m.into_key = $2))

-- name: unsubscribe
-- These addresses get no marketing since then.
insert into notifier.unsubscribed (shop, channel, address, at)
select $1, g.channel, g.address, g.at
from unnest($2::text[], $3::text[], $4::timestamptz[]) as g(channel, address, at)
on conflict do nothing

-- name: lift
-- These withdrawals by link were undone; two clicks within a second are one, and a STOP is another.
delete from notifier.unsubscribed u
using unnest($2::text[], $3::text[], $4::timestamptz[]) as g(channel, address, at)
where u.shop = $1 and u.channel = g.channel and u.address = g.address and u.source <> 'sms-stop'
    and date_trunc('second', u.at, 'UTC') = date_trunc('second', g.at, 'UTC')

-- name: prove
-- Keeps what was said with its proof; the same event twice is one statement.
insert into notifier.consent_log (shop, source_id, event_id, key, channel, purpose, address, state, at, source, wording,
                                  form_url, list_id, ip_hash, double_opt_in, form, wording_version, requested_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict do nothing
