-- When platforms last reached ingest.

-- name: note
-- Shops ($1) were heard of: by a webhook ($2) or a ping ($3), either may be null. What is known to be later stays.
insert into catalog.last_delivery as h (shop, webhook_at, ping_at)
select shop, webhook_at, ping_at
from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as k (shop, webhook_at, ping_at)
order by shop
on conflict (shop) do update
set webhook_at = greatest(h.webhook_at, excluded.webhook_at), ping_at = greatest(h.ping_at, excluded.ping_at)

-- name: of_shop
-- When this shop was heard of.
select webhook_at, ping_at from catalog.last_delivery where shop = $1
