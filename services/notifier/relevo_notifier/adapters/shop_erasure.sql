-- A shop is erased: pages ($2 rows) of what is kept of it beyond its customers, who are erased one by one.

-- name: contacts
-- Everybody's contact.
delete from notifier.contact where (shop, key) in (select shop, key from notifier.contact where shop = $1 limit $2)

-- name: suppressions
-- The suppressed addresses stay as hashes.
with page as (
    select shop, channel, address from notifier.suppression
    where shop = $1 and address not like 'sha256:%' limit $2
)
update notifier.suppression s set address = notifier.hashed(s.shop, s.address), reason = ''
from page p where s.shop = p.shop and s.channel = p.channel and s.address = p.address

-- name: unsubscribed
-- And the unsubscribed ones.
with page as (
    select shop, channel, address, at from notifier.unsubscribed
    where shop = $1 and address not like 'sha256:%' limit $2
)
update notifier.unsubscribed s set address = notifier.hashed(s.shop, s.address)
from page p where s.shop = p.shop and s.channel = p.channel and s.address = p.address and s.at = p.at

-- name: consents
-- What was said about consent until then ($3) stays as a proof.
with page as (
    select shop, source_id, event_id, channel from notifier.consent_log
    where shop = $1 and key not like 'sha256:%' and at <= $3 limit $2
)
update notifier.consent_log l
set key = notifier.hashed(l.shop, l.key), ip_hash = '',
    address = case when l.address = '' then '' else notifier.hashed(l.shop, l.address) end
from page p
where l.shop = p.shop and l.source_id = p.source_id and l.event_id = p.event_id and l.channel = p.channel

-- name: places
-- Which places under the caps were taken.
delete from notifier.place where (shop, id) in (select shop, id from notifier.place where shop = $1 limit $2)

-- name: last_messages
-- Which messages went to which numbers last.
delete from notifier.last_message
where (shop, channel, address) in (select shop, channel, address from notifier.last_message where shop = $1 limit $2)

-- name: last_surveys
-- And which of them asked what.
delete from notifier.last_survey
where (shop, channel, address) in (select shop, channel, address from notifier.last_survey where shop = $1 limit $2)

-- name: inbound
-- What people wrote.
delete from notifier.inbound
where (shop, provider, message_id) in (select shop, provider, message_id from notifier.inbound where shop = $1 limit $2)

-- name: taken_texts
-- Which texts at providers were its messages.
delete from notifier.text_taken
where (provider_id, shop, id) in (select provider_id, shop, id from notifier.text_taken where shop = $1 limit $2)
