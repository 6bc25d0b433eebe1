-- Customers who turned out to be one.

-- name: merged_into
-- Of these people those who were merged, with the key that stands for them now.
select m.shop, m.key, m.into_key
from unnest($1::text[], $2::text[]) as g (shop, key)
join notifier.merged m using (shop, key)

-- name: earlier_keys
-- The keys that these people had before.
select m.shop, m.key, m.into_key
from unnest($1::text[], $2::text[]) as g (shop, into_key)
join notifier.merged m using (shop, into_key)

-- name: merge
-- From now on this key ($2 of shop $1) stands for another ($3); what stood for it goes along.
with earlier as (
    update notifier.merged set into_key = $3 where shop = $1 and into_key = $2 and key <> $3
)
insert into notifier.merged (shop, key, into_key) values ($1, $2, $3)
on conflict (shop, key) do update set into_key = excluded.into_key

-- name: copy
-- What is known of the people by now is known under their old keys too: what was decided for those still goes out.
insert into notifier.contact as c (shop, key, contact)
select m.shop, m.key, g.contact
from unnest($1::text[], $2::text[], $3::jsonb[]) as g (shop, into_key, contact)
join notifier.merged m using (shop, into_key)
on conflict (shop, key) do update set contact = excluded.contact
