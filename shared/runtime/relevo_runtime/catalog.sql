-- name: shops
-- The shops after $1 by name, of those in $2 (null: of all), $3 at most (null: every one).
select shop, platform, name, domain, secrets, token_hashes, task_token_hashes, email_from, sms_from, locale,
    timezone, currency, postal_address, quiet_hours, links, held_at, moved_to
from catalog.shop
where shop > $1 and ($2::text[] is null or shop = any ($2))
order by shop
limit $3

-- name: shop
-- One shop.
select shop, platform, name, domain, secrets, token_hashes, task_token_hashes, email_from, sms_from, locale,
    timezone, currency, postal_address, quiet_hours, links, held_at, moved_to
from catalog.shop where shop = $1

-- name: add_shop
-- Makes a shop known.
insert into catalog.shop
    (shop, platform, name, domain, secrets, token_hashes, task_token_hashes, email_from, sms_from, locale, timezone,
    currency, postal_address, quiet_hours, links)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)

-- name: update_shop
-- Replaces what is known of a shop.
update catalog.shop
set platform = $2, name = $3, domain = $4, secrets = $5, token_hashes = $6, task_token_hashes = $7, email_from = $8,
    sms_from = $9, locale = $10, timezone = $11, currency = $12, postal_address = $13, quiet_hours = $14,
    links = $15
where shop = $1

-- name: hold_shop
-- Takes nothing for a shop from $2 on; one that is held stays so since then.
update catalog.shop set held_at = coalesce(held_at, $2) where shop = $1

-- name: release_shop
-- Serves a shop again.
update catalog.shop set held_at = null, moved_to = '' where shop = $1

-- name: moved_shop
-- A shop that is held is at $2 by now.
update catalog.shop set moved_to = $2 where shop = $1 and held_at is not null

-- name: add_definition
-- Keeps the files of a version; a version is the hash of its files, so a second time changes nothing.
insert into catalog.definition (version, workflow, files) values ($1, $2, $3) on conflict (version) do nothing

-- name: deactivate
-- Ends the active deployment of a workflow for a shop.
update catalog.deployment set active = false where shop = $1 and workflow = $2 and active

-- name: retire
-- The same without another in its place, with who did it, why and when.
update catalog.deployment set active = false, retired_by = $3, retired_note = $4, retired_at = $5
where shop = $1 and workflow = $2 and active

-- name: add_deployment
-- Makes a version the active one of a workflow for a shop.
insert into catalog.deployment
    (shop, workflow, revision, version, active, author, note, deployed_at, reviewer, approver, in_flight)
values ($1, $2, $3, $4, true, $5, $6, $7, $8, $9, $10)

-- name: active_definitions
-- What new runs start with, for every shop.
select d.shop, d.workflow, d.version, f.files, d.revision, d.active, d.author, d.note, d.deployed_at,
    d.reviewer, d.approver, d.in_flight, d.retired_at, d.retired_by, d.retired_note
from catalog.deployment d join catalog.definition f using (version)
where d.active
order by d.workflow, d.shop

-- name: history
-- The deployments of a workflow, newest first: for the shops in $2 (null: for all), before the revision $3 (null: from
-- the newest on), $4 at most (null: every one), with their files if $5.
select d.shop, d.workflow, d.version, case when $5::boolean then f.files else '{}' end as files, d.revision, d.active, d.author, d.note, d.deployed_at,
    d.reviewer, d.approver, d.in_flight, d.retired_at, d.retired_by, d.retired_note
from catalog.deployment d join catalog.definition f using (version)
where d.workflow = $1 and ($2::text[] is null or d.shop = any ($2)) and ($3::bigint is null or d.revision < $3)
order by d.revision desc
limit $4

-- name: newest
-- The last deployment of each workflow for a shop, active or not.
select distinct on (d.workflow) d.shop, d.workflow, d.version, f.files, d.revision, d.active, d.author, d.note,
    d.deployed_at, d.reviewer, d.approver, d.in_flight, d.retired_at, d.retired_by, d.retired_note
from catalog.deployment d join catalog.definition f using (version)
where d.shop = $1
order by d.workflow, d.revision desc

-- name: definition_files
-- The files of a version.
select files from catalog.definition where version = $1

-- name: compiled_templates
-- The templates of a version in compiled form, as JSON; nothing if there is no such version.
select files ->> 'compiled/templates.json' from catalog.definition where version = $1

-- name: revision
-- Grows with every change of the catalog.
select number from catalog.revision

-- name: hold
-- The same, and whoever wants to change the catalog waits for this transaction.
select number from catalog.revision for update

-- name: next_revision
-- Counts one change; also makes concurrent changes wait for each other.
update catalog.revision set number = number + 1 returning number

-- name: add_approver
-- Somebody may approve administrative changes of a shop ('*': of every shop). False if they could already.
with added as (
    insert into catalog.approver (shop, name, added_at) values ($1, $2, $3) on conflict do nothing returning name
)
select exists (select from added)

-- name: remove_approver
-- Somebody may no longer approve.
delete from catalog.approver where shop = $1 and name = $2

-- name: approvers
-- Who may approve, by name.
select shop, name, added_at from catalog.approver order by name, shop

-- name: declare_event
-- An event of a shop's own, or another schema for it.
insert into catalog.event_type (shop, name, schema, author, declared_at) values ($1, $2, $3, $4, $5)
on conflict (shop, name) do update
set schema = excluded.schema, author = excluded.author, declared_at = excluded.declared_at

-- name: withdraw_event
-- A shop has this event no longer.
delete from catalog.event_type where shop = $1 and name = $2

-- name: event_types
-- The events that shops declared, by name.
select shop, name, schema, author, declared_at from catalog.event_type order by name, shop

-- name: versions_in_service
-- Which version of each workflow new runs start with, by shop ('*': every shop).
select shop, workflow, version from catalog.deployment where active

-- name: needed_secrets
-- The secrets that the calls of the workflows in service need, as JSON lists of names.
select d.workflow, f.files ->> 'compiled/secrets.json' as names
from catalog.deployment d join catalog.definition f using (version)
where d.active and f.files ? 'compiled/secrets.json'
order by d.workflow

-- name: winners
-- The variants that have won.
select shop, workflow, step, variant from catalog.winner

-- name: winners_of
-- The variants that have won splits of the workflow $2 of the shop $1, and when.
select step, variant, decided_at from catalog.winner where shop = $1 and workflow = $2

-- name: decide_winner
-- A variant has won, unless one has won already; whether it was this one.
with added as (
    insert into catalog.winner (shop, workflow, step, variant, decided_at) values ($1, $2, $3, $4, $5)
    on conflict do nothing
    returning 1
)
select exists (select from added)
