-- Moving a shop from one database to another. What differs from table to table is put together in copying.py.

-- name: lock
-- Whether nobody else moves the shop $1 from or to this database; it stays so until the connection ends.
select pg_try_advisory_lock(hashtextextended('relevo move ' || $1, 0))

-- name: migrations
-- What was applied here.
select package || '/' || lpad(number::text, 4, '0') || '_' || name as label, checksum from public.relevo_migration

-- name: tables
-- The tables that have rows of shops, with the columns that a copy has; what the database numbers itself is not copied.
select n.nspname as schema, c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted,
    array_agg(a.attname::text order by a.attnum) filter (where a.attidentity = '' and a.attgenerated = '') as columns,
    bool_or(a.attname = 'version') as versioned
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
group by 1, 2, 3
having bool_or(a.attname = 'shop')
order by 1, 2

-- name: partitions
-- The partitions that there are but the default ones: schema, name, and the statement that makes each.
select n.nspname as schema, c.relname as name,
    format('create table if not exists %I.%I partition of %s %s', n.nspname, c.relname, i.inhparent::regclass,
           pg_get_expr(c.relpartbound, c.oid)) as made_by
from pg_inherits as i
join pg_class as c on c.oid = i.inhrelid
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'r' and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
order by 1, 2

-- name: definitions
-- The files of these versions.
select version, workflow, files::text as files from catalog.definition where version = any($1::text[])

-- name: add_definition
-- Keeps the files of a version, which are the same everywhere.
insert into catalog.definition (version, workflow, files) values ($1, $2, $3::text::jsonb) on conflict (version) do nothing

-- name: raise_revision
-- The catalog changes; its revision is beyond every deployment that came from elsewhere.
update catalog.revision
set number = greatest(number, (select coalesce(max(revision), 0) from catalog.deployment where shop = $1)) + 1

-- name: inbox_copy
-- Where messages that were taken elsewhere wait to be added to the inbox.
create temp table if not exists moved_inbox (id uuid, period date) on commit drop

-- name: for_every_shop
-- What this cell has for all its shops: workflows in service and events that are declared, each with what it is.
select 'workflow ' || workflow as what, version as found from catalog.deployment where shop = '*' and active
union all
select 'event ' || name, md5(schema::text) from catalog.event_type where shop = '*'

-- name: own_of_shop
-- What a shop has of its own in their place.
select 'workflow ' || workflow as what from catalog.deployment where shop = $1 and active
union all
select 'event ' || name from catalog.event_type where shop = $1

-- name: wrapped_with
-- With which keys the data keys are wrapped: of the shop $1, or of all shops (null).
select distinct encode(substring(secret from 2 for 4), 'hex') as name
from catalog.data_key
where ($1::text is null or shop = $1) and substring(secret from 1 for 1) = '\x01'

-- name: sealed_with
-- With which keys of the settings secrets are sealed: of the shop $1, or of all shops (null).
select distinct encode(substring(decode(secret ->> 'value', 'base64') from 2 for 4), 'hex') as name
from (
    select shop, jsonb_array_elements(secrets) as secret from catalog.shop
    union all
    select shop, jsonb_array_elements(secrets) from catalog.storefront
    union all
    select c.shop, one.value from catalog.connection as c, jsonb_each(c.credentials) as one
    union all
    select s.shop, one.value from catalog.system as s, jsonb_each(s.credentials) as one
) as kept
where ($1::text is null or shop = $1) and secret ->> 'sealed' = 'true'

-- name: pauses
-- The services that put the messages of a shop aside, for another cause than its move ($2).
select service from catalog.pause where shop = $1 and cause <> $2 order by service

-- name: put_aside
-- From now on these services ($2) put aside what still comes for a shop.
insert into catalog.pause (shop, service, cause, at)
select $1, service, $3, $4 from unnest($2::text[]) as s (service)
on conflict do nothing

-- name: put_aside_no_more
-- They no longer do.
delete from catalog.pause where shop = $1 and cause = $2

-- name: narrow_deliveries
-- Of what was sent for a shop that is elsewhere only the ids stay, until retention: nothing that comes late goes out.
update notifier.delivery
set key = '', body = null, outcome = null, wake_at = null, provider_id = '',
    reason = case when state in ('queued', 'sending') then 'the shop has moved to another cell' else '' end,
    state = case when state in ('queued', 'sending') then 'skipped' else state end
where shop = $1

-- name: narrow_calls
-- The same for calls.
update notifier.call
set key = '', body = null, outcome = null, wake_at = null,
    reason = case when state in ('queued', 'calling') then 'the shop has moved to another cell' else '' end,
    state = case when state in ('queued', 'calling') then 'skipped' else state end
where shop = $1
