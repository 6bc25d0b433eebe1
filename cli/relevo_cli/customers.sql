-- name: key_of_alias
-- The key of the customer $2 of the shop $1, as ingest stores that name.
select key from ingest.alias where shop = $1 and alias = $2
