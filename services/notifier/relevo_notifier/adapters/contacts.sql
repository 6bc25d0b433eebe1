-- name: known
-- What is known of these people, when they (or everyone of their shop) were erased, and who they are by now. A row's
-- xmin is its version: whoever writes the row changes it.
select g.shop, g.key, c.contact, c.xmin::text as version, m.into_key,
    (select max(r.at) from notifier.redaction r where r.shop = g.shop and r.key in (g.key, '')) as redacted_at
from unnest($1::text[], $2::text[]) as g(shop, key)
left join notifier.contact c using (shop, key)
left join notifier.merged m using (shop, key)

-- name: keep_if_unchanged
-- Writes contacts, each under the keys too that the person had before, if all are as they were when they were looked at:
-- the same version ($4; null: there was none), erased at the same time ($5) and nobody else by now. Says whether they are
-- written. The rows are locked in order, and nothing is written if one of them has changed meanwhile.
with given as (
    select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::timestamptz[])
        as g(shop, key, contact, version, redacted_at)
), locked as materialized (
    select c.shop, c.key, c.xmin::text as version
    from given g join notifier.contact c using (shop, key)
    order by c.shop, c.key
    for update of c
), same as materialized (
    select coalesce(bool_and(
            l.version is not distinct from g.version
            and not exists (select from notifier.merged m where m.shop = g.shop and m.key = g.key)
            and (select max(r.at) from notifier.redaction r where r.shop = g.shop and r.key in (g.key, ''))
                is not distinct from g.redacted_at), false) as all_of_them
    from given g left join locked l using (shop, key)
), kept as (
    insert into notifier.contact as c (shop, key, contact)
    select g.shop, g.key, g.contact from given g, same s where s.all_of_them
    union all
    select m.shop, m.key, g.contact
    from given g join notifier.merged m on m.shop = g.shop and m.into_key = g.key, same s where s.all_of_them
    on conflict (shop, key) do update set contact = excluded.contact
)
select all_of_them from same

-- name: contacts_for_update
-- The contacts of these people, locked in order, so that two batches can't wait for each other in a circle.
select c.shop, c.key, c.contact
from unnest($1::text[], $2::text[]) as g(shop, key)
join notifier.contact c using (shop, key)
order by c.shop, c.key
for update of c

-- name: keep_contacts
-- Writes contacts as they are now known, of people who are locked.
update notifier.contact c
set contact = g.contact
from unnest($1::text[], $2::text[], $3::jsonb[]) as g(shop, key, contact)
where c.shop = g.shop and c.key = g.key

-- name: add_contacts
-- Writes the contacts of people of whom nothing was known; one that somebody else has begun meanwhile stays as it is.
insert into notifier.contact (shop, key, contact)
select * from unnest($1::text[], $2::text[], $3::jsonb[])
on conflict do nothing

-- name: redactions
-- When these people, or everyone of their shop, were erased.
select g.shop, g.key, max(r.at) as at
from unnest($1::text[], $2::text[]) as g(shop, key)
join notifier.redaction r on r.shop = g.shop and r.key in (g.key, '')
group by g.shop, g.key

-- name: erased_already
-- Those (key '': the whole shop) who are erased as of $3, or of a later time.
select g.shop, g.key
from unnest($1::text[], $2::text[], $3::timestamptz[]) as g(shop, key, at)
join notifier.redaction r using (shop, key)
where r.at >= g.at

-- name: keep_consents
-- Keeps what was said about consent; the same event twice is one statement.
insert into notifier.consent_log (shop, source_id, event_id, key, channel, purpose, address, state, at, source, wording,
                                  form_url, list_id, ip_hash, double_opt_in, form, wording_version, requested_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::boolean[],
                     $16::text[], $17::text[], $18::timestamptz[])
on conflict do nothing

-- name: want_hashes
-- Shops of which somebody is erased have a secret to hash with.
insert into notifier.hash_key (shop) select distinct unnest($1::text[]) on conflict do nothing

-- name: hash_addresses
-- The addresses of these people stay suppressed and unsubscribed, as hashes.
with addresses as (
    select distinct c.shop, t.text
    from unnest($1::text[], $2::text[]) as g(shop, key)
    join notifier.contact c using (shop, key)
    cross join lateral (
        select value #>> '{}' as text from jsonb_path_query(c.contact, 'strict $.**') as value
        where jsonb_typeof(value) = 'string'
        union
        select key #>> '{}' from jsonb_path_query(c.contact, 'strict $.** ? (@.type() == "object").keyvalue().key') as key
    ) as t
), suppressed as (
    delete from notifier.suppression s using addresses a where s.shop = a.shop and s.address = a.text
    returning s.shop, s.channel, s.address, s.at
), unsubscribed as (
    delete from notifier.unsubscribed s using addresses a where s.shop = a.shop and s.address = a.text
    returning s.shop, s.channel, s.address, s.at
), still_suppressed as (
    insert into notifier.suppression (shop, channel, address, reason, at)
    select s.shop, s.channel, notifier.hashed(s.shop, s.address), '', s.at from suppressed s
    on conflict do nothing
)
insert into notifier.unsubscribed (shop, channel, address, at)
select s.shop, s.channel, notifier.hashed(s.shop, s.address), s.at from unsubscribed s
on conflict do nothing

-- name: hash_consents
-- What they said about consent stays as a proof, to be found by who knows the address.
update notifier.consent_log l
set key = notifier.hashed(l.shop, l.key), ip_hash = '',
    address = case when l.address = '' then '' else notifier.hashed(l.shop, l.address) end
from unnest($1::text[], $2::text[], $3::timestamptz[]) as g(shop, key, at)
where l.shop = g.shop and g.key in (l.key, '') and l.key not like 'sha256:%' and l.at <= g.at

-- name: erase_texts
-- By which names providers know their messages.
delete from notifier.text_taken t
using unnest($1::text[], $2::text[]) as g(shop, key)
join notifier.delivery d on d.shop = g.shop and d.key = g.key and d.state not in ('queued', 'sending')
where t.shop = d.shop and t.id = d.id

-- name: erase_deliveries
-- What became of their messages stays, what was in them and what providers said goes. Those under way end first.
update notifier.delivery d
set reason = '', provider_id = '', recipient = '', put_off = '{}', body = null, outcome = null, wake_at = null
from unnest($1::text[], $2::text[]) as g(shop, key)
where d.shop = g.shop and d.key = g.key and d.state not in ('queued', 'sending')

-- name: erase_feedback
-- What providers said of their messages, in words that may have the address in them.
update notifier.feedback f
set reason = ''
from unnest($1::text[], $2::text[]) as g(shop, key)
join notifier.delivery d on d.shop = g.shop and d.key = g.key
where f.shop = d.shop and f.id = d.id and f.reason <> ''

-- name: erase_calls
-- The same for their calls.
update notifier.call c
set reason = '', body = null, outcome = null, wake_at = null
from unnest($1::text[], $2::text[]) as g(shop, key)
where c.shop = g.shop and c.key = g.key and c.state not in ('queued', 'calling')

-- name: forget_last_messages
-- Which messages went to their numbers last.
delete from notifier.last_message l
using unnest($1::text[], $2::text[]) as g(shop, key)
where l.shop = g.shop and l.key = g.key

-- name: forget_last_surveys
-- And what was asked there last.
delete from notifier.last_survey l
using unnest($1::text[], $2::text[]) as g(shop, key)
where l.shop = g.shop and l.key = g.key

-- name: forget_inbound
-- What they wrote, and what others wrote from their numbers.
delete from notifier.inbound i
using unnest($1::text[], $2::text[]) as g(shop, key)
where i.shop = g.shop and g.key in (i.key, i.owner)

-- name: forget_contacts
-- Erases what is known of these people.
delete from notifier.contact c
using unnest($1::text[], $2::text[]) as g(shop, key)
where c.shop = g.shop and c.key = g.key

-- name: keep_unsubscribed
-- These addresses get no marketing since then.
insert into notifier.unsubscribed (shop, channel, address, at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
on conflict do nothing

-- name: lift_unsubscribed
-- These withdrawals by link were undone; two clicks within a second are one, and a STOP is another.
delete from notifier.unsubscribed u
using unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as g(shop, channel, address, at)
where u.shop = g.shop and u.channel = g.channel and u.address = g.address and u.source <> 'sms-stop'
  and date_trunc('second', u.at, 'UTC') = date_trunc('second', g.at, 'UTC')

-- name: keep_redactions
-- These customers (key '': the whole shop) were erased then.
insert into notifier.redaction as r (shop, key, at)
select * from unnest($1::text[], $2::text[], $3::timestamptz[])
on conflict (shop, key) do update set at = greatest(r.at, excluded.at)

-- name: skip_deliveries
-- Ends the queued deliveries of these customers (key '': of the whole shop), erases what they say and what providers
-- answered, and leaves the report to whoever looks next. The escape of U+0000, which PostgreSQL's text can't hold, is left out.
with given as (
    select shop, key from unnest($1::text[], $2::text[]) as g(shop, key)
), queued as (
    select d.shop, d.id, regexp_replace(
            convert_from(d.body, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g')::json as body
    from notifier.delivery d
    where d.state = 'queued' and exists (select from given g where g.shop = d.shop and g.key in (d.key, ''))
    order by d.shop, d.id
    for update
)
update notifier.delivery d
set state = 'skipped', reason = $4, settled_at = $3, wake_at = $3, body = null, put_off = '{}',
    outcome = convert_to(json_build_object(
        'id', q.id || '/outcome', 'delivery_id', q.id, 'shop', q.shop, 'key', q.body -> 'key',
        'run_id', q.body -> 'run_id', 'workflow', q.body -> 'workflow', 'step', q.body -> 'step',
        'channel', d.channel, 'status', 'skipped', 'at', $3::timestamptz, 'reason', $4::text,
        'detail', json_build_object('rule', 'redacted'))::text, 'UTF8')
from queued q
where d.shop = q.shop and d.id = q.id

-- name: skip_calls
-- The same for the queued calls.
with given as (
    select shop, key from unnest($1::text[], $2::text[]) as g(shop, key)
), queued as (
    select c.shop, c.id, regexp_replace(
            convert_from(c.body, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g')::json as body
    from notifier.call c
    where c.state = 'queued' and exists (select from given g where g.shop = c.shop and g.key in (c.key, ''))
    order by c.shop, c.id
    for update
)
update notifier.call c
set state = 'skipped', reason = $4, settled_at = $3, wake_at = $3, body = null,
    outcome = convert_to(json_build_object(
        'type', 'call_answered', 'id', q.id || '/answer', 'shop', q.shop, 'key', q.body -> 'key',
        'run_id', q.body -> 'run_id', 'call_id', q.id, 'at', $3::timestamptz, 'error', $4::text)::text, 'UTF8')
from queued q
where c.shop = q.shop and c.id = q.id
