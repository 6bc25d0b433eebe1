-- name: enrol
-- Shops ($1) that are asked from now on; those that are known stay as they are.
insert into ingest.poll (shop) select unnest($1::text[]) on conflict do nothing;

-- name: claim
-- Leases, for $3, of at most $2 of the shops $1 that are due and that nobody asks, the longest due first.
with free as (
    select shop from ingest.poll
     where shop = any($1) and due <= clock_timestamp()
       and (leased_until is null or leased_until <= clock_timestamp())
     order by due limit $2 for update skip locked
)
update ingest.poll poll
   set epoch = epoch + 1, leased_until = clock_timestamp() + $3::interval
  from free
 where poll.shop = free.shop
returning poll.shop, poll.epoch, poll.failures, poll.cursors;

-- name: renew
-- The lease of the epoch $2 of the shop $1 holds for $3 from now, unless somebody else has the shop.
update ingest.poll set leased_until = clock_timestamp() + $3::interval
 where shop = $1 and epoch = $2 and leased_until is not null
returning shop;

-- name: move
-- Under the lease of the epoch $2, the lists of the shop $1 were read so far ($4, by their names); it holds for $3.
update ingest.poll set cursors = cursors || $4::jsonb, leased_until = clock_timestamp() + $3::interval
 where shop = $1 and epoch = $2 and leased_until is not null
returning shop;

-- name: end
-- The turn of the epoch $2 of the shop $1 is over: the next one is due after $3; $4 failed in a row, the last by $5.
update ingest.poll
   set leased_until = null, due = clock_timestamp() + $3::interval, failures = $4, error = $5,
       read_at = case when $4 = 0 then clock_timestamp() else read_at end
 where shop = $1 and epoch = $2 and leased_until is not null
returning shop;

-- name: lags
-- For how many seconds no turn of each of the shops $1 has read everything.
select shop, extract(epoch from clock_timestamp() - coalesce(read_at, due))::float8 as seconds
  from ingest.poll where shop = any($1);
