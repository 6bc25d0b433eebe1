-- Which other systems of shops serve the ports of workflows.

-- name: systems
-- Every one.
select shop, port, system, base_url, credentials, settings, added_at from catalog.system order by shop, port

-- name: add
-- Keeps which system serves a port of a shop, in place of what was known.
insert into catalog.system (shop, port, system, base_url, credentials, settings, added_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (shop, port) do update
set system = excluded.system, base_url = excluded.base_url, credentials = excluded.credentials,
    settings = excluded.settings, added_at = excluded.added_at

-- name: remove
-- Forgets what serves a port of a shop.
delete from catalog.system where shop = $1 and port = $2
