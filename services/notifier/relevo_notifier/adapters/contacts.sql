-- name: contacts_for_update
-- The contacts of these people, locked in order, so that two batches can't wait for each other in a circle.
select c.shop, c.key, c.contact
from unnest($1::text[], $2::text[]) as g(shop, key)
join notifier.contact c using (shop, key)
order by c.shop, c.key
for update of c

-- name: keep_contacts
-- Writes contacts as they are now known.
insert into notifier.contact as c (shop, key, contact)
select * from unnest($1::text[], $2::text[], $3::jsonb[])
on conflict (shop, key) do update set contact = excluded.contact

-- name: forget_contacts
-- Erases what is known of these people.
delete from notifier.contact c
using unnest($1::text[], $2::text[]) as g(shop, key)
where c.shop = g.shop and c.key = g.key

-- name: forget_shop
-- Erases the contacts of shops that asked for it.
delete from notifier.contact where shop = any($1::text[])
