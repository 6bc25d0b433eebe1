-- How the APIs of the shops' platforms are reached.

-- name: connections
-- Every connection.
select shop, platform, base_url, credentials, settings, registered, connected_at from catalog.connection order by shop

-- name: connection
-- The connection of one shop.
select shop, platform, base_url, credentials, settings, registered, connected_at
from catalog.connection where shop = $1

-- name: connect
-- Keeps how a shop is reached, in place of what was known.
insert into catalog.connection (shop, platform, base_url, credentials, settings, registered, connected_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (shop) do update
set platform = excluded.platform, base_url = excluded.base_url, credentials = excluded.credentials,
    settings = excluded.settings, registered = excluded.registered, connected_at = excluded.connected_at

-- name: registered
-- Keeps which webhooks are registered for a shop.
update catalog.connection set registered = $2 where shop = $1

-- name: lock
-- Whether nobody else connects this shop; it stays so until the connection ends.
select pg_try_advisory_lock(hashtextextended('relevo connect ' || $1, 0))

-- name: disconnect
-- Forgets how a shop is reached.
delete from catalog.connection where shop = $1
