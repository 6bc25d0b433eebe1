-- name: lock
-- Messages from the same number are taken one after another.
select pg_advisory_xact_lock(hashtextextended('notifier.inbound/' || $1 || '/' || $2, 0))

-- name: last_messages
-- The last message to a number of each shop that wrote there, the newest first.
select shop, key, delivery_id, workflow, step, at, hops from notifier.last_message
where channel = $1 and address = $2 order by at desc, shop

-- name: answered_mails
-- These mails of ours ($1), the first one first, but for those to the staff and to who was erased since.
select d.shop, d.key, d.id, '', split_part(d.id, '/', 2), coalesce(d.settled_at, d.accepted_at), d.hops
from unnest($1::bytea[]) with ordinality as g(message, number)
join notifier.delivery d on notifier.message_of(d.shop, d.id) = g.message
where d.channel = 'email' and not d.staff and not exists (
    select from notifier.redaction r where r.shop = d.shop and r.key in (d.key, '') and r.at >= d.accepted_at
)
order by g.number

-- name: known
-- What was kept of a message that came before.
select shop, key, owner, is_new, keyword, at, told from notifier.inbound
where provider = $1 and message_id = $2 and shop = any($3::text[])

-- name: counts
-- How many messages a shop had from a number since $4, and how many of them were answered.
select count(*) as received, count(*) filter (where answer <> '') as answered
from notifier.inbound where shop = $1 and channel = $2 and address = $3 and at > $4

-- name: keep
-- Keeps a message.
insert into notifier.inbound
    (shop, provider, message_id, channel, address, own, key, owner, is_new, keyword, at, told, answer, answer_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: withdraw
-- This number gets no marketing of these shops since then, whoever has it. Returns the shops for which it is new.
with before as (
    select distinct shop from notifier.unsubscribed
    where shop = any($1::text[]) and channel = $2 and address = $3 and source = $5
), kept as (
    insert into notifier.unsubscribed (shop, channel, address, at, source)
    select shop, $2, $3, $4, $5 from unnest($1::text[]) as shop
    on conflict do nothing
)
select shop from unnest($1::text[]) as shop where shop not in (select shop from before)

-- name: stops
-- When this number was withdrawn by such a source.
select at from notifier.unsubscribed where shop = $1 and channel = $2 and address = $3 and source = $4 order by at

-- name: lift
-- These withdrawals of a number are over.
delete from notifier.unsubscribed
where shop = $1 and channel = $2 and address = $3 and source = $4 and at = any($5::timestamptz[])

-- name: locale
-- In which language somebody is written to, as far as one knows.
select contact ->> 'locale' from notifier.contact where shop = $1 and key = $2

-- name: claim_answers
-- Claims up to $2 answers that are due and may still be given at $1. From here on each was given, whatever becomes of it.
with due as (
    select shop, provider, message_id from notifier.inbound
    where answer_by >= $1 order by answer_by limit $2 for update skip locked
)
update notifier.inbound i
set answer_by = null, answered_at = $1
from due
where i.shop = due.shop and i.provider = due.provider and i.message_id = due.message_id
returning i.shop, i.provider, i.message_id, i.address, i.own, i.answer

-- name: answer_later
-- Certainly not given: it may be tried again, so long ($4) after the message.
update notifier.inbound
set answer_by = at + $4, answered_at = null
where shop = $1 and provider = $2 and message_id = $3

-- name: give_up_answers
-- What could not be answered in time is not answered.
update notifier.inbound set answer_by = null where answer_by < $1
