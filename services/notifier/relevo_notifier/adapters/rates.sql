-- The buckets of limits (notifier.rate).

-- name: lock
-- Lets one instance after the other take from the buckets of a provider, until its transaction ends.
select pg_advisory_xact_lock(notifier.rate_lock($1))

-- name: buckets
-- How full the buckets of a provider are.
select shop, name, level, at from notifier.rate where provider = $1

-- name: keep
-- Writes how full buckets of a provider ($1) are, and which of them kept something back ($7: why; empty: they did not).
insert into notifier.rate (provider, shop, name, level, at, why, denied_at)
select $1, shop, name, level, at, why, case when why <> '' then $2::timestamptz end
from unnest($3::text[], $4::text[], $5::float8[], $6::timestamptz[], $7::text[]) as g(shop, name, level, at, why)
on conflict (shop, provider, name) do update
set level = excluded.level, at = excluded.at,
    why = case when excluded.denied_at is null then notifier.rate.why else excluded.why end,
    denied_at = coalesce(excluded.denied_at, notifier.rate.denied_at)

-- name: deny
-- Writes that something keeps messages of a provider ($1) back at $2, and why ($3).
insert into notifier.rate (provider, shop, name, level, at, why, denied_at)
values ($1, '', 'pace', 0, $2, $3, $2)
on conflict (shop, provider, name) do update set at = excluded.at, why = excluded.why, denied_at = excluded.denied_at

-- name: waiting
-- How many deliveries wait at $3 in the queues of providers ($1, $2: channel, provider): those that are due, and those
-- whose time has not come; up to $4 of each.
select q.provider,
    (select count(*) from (select from notifier.delivery d
                           where d.channel = q.channel and d.provider = q.provider and d.wake_at <= $3 limit $4) l) as due,
    (select count(*) from (select from notifier.delivery d
                           where d.channel = q.channel and d.provider = q.provider and d.wake_at > $3 limit $4) l) as later
from unnest($1::text[], $2::text[]) as q(channel, provider)
