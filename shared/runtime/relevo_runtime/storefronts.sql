-- name: storefronts
-- What every shop lets browsers tell.
select shop, key, domains, consent, filter_bots, secrets from catalog.storefront order by shop

-- name: storefront
-- What one shop lets browsers tell.
select shop, key, domains, consent, filter_bots, secrets from catalog.storefront where shop = $1

-- name: set_storefront
-- Opens the storefront of a shop, or changes it.
insert into catalog.storefront (shop, key, domains, consent, filter_bots, secrets) values ($1, $2, $3, $4, $5, $6)
on conflict (shop) do update
set key = excluded.key, domains = excluded.domains, consent = excluded.consent, filter_bots = excluded.filter_bots,
    secrets = excluded.secrets

-- name: close_storefront
-- Takes nothing from browsers any more.
delete from catalog.storefront where shop = $1

-- name: next_revision
-- Counts one change of the catalog.
update catalog.revision set number = number + 1
