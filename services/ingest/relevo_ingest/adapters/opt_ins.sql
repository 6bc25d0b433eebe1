-- Sign-ups in two steps: ingest.opt_in.

-- name: ask
-- Keeps a sign-up, unless its address was asked too often lately ($9 times since $10) or declined since then. True if it
-- is kept, now or by the same request before.
with lately as (
    select count(*) filter (where id <> $2) as asked,
           bool_or(id = $2) as known,
           bool_or(state = 'declined') as declined
      from ingest.opt_in where shop = $1 and alias = $3 and asked_at > $10
), kept as (
    insert into ingest.opt_in (shop, id, alias, address, visitor, details, asked_at, asked_ip)
    select $1, $2, $3, $4, $5, $6, $7, $8 from lately
     where asked < $9 and declined is not true
    on conflict (shop, id) do nothing
    returning id
)
select exists (select from kept) or coalesce((select known and declined is not true from lately), false)

-- name: find
-- One sign-up.
select shop, id, alias, address, visitor, details, state, asked_at, asked_ip, ended_at
  from ingest.opt_in where shop = $1 and id = $2

-- name: finish
-- Its owner confirmed or declined it ($3). What had ended before stays as it is.
update ingest.opt_in set state = $3, ended_at = $4, ended_ip = $5
 where shop = $1 and id = $2 and state = 'asked'

-- name: forget
-- These addresses (shop, alias) were erased: the proof stays with a hash of the address, what proves nothing goes.
with erased as (
    select o.shop, o.id, o.state from unnest($1::text[], $2::text[]) as e (shop, alias)
      join ingest.opt_in as o on o.shop = e.shop and o.alias = e.alias
), gone as (
    delete from ingest.opt_in as o using erased
     where o.shop = erased.shop and o.id = erased.id and erased.state <> 'confirmed'
)
update ingest.opt_in as o
   set address = null, visitor = '', asked_ip = '', ended_ip = '', details = o.details - 'first_name'
  from erased
 where o.shop = erased.shop and o.id = erased.id and erased.state = 'confirmed'

-- name: forget_shop
-- A page ($2) of all sign-ups of a shop.
delete from ingest.opt_in where (shop, id) in (select shop, id from ingest.opt_in where shop = $1 limit $2)
