-- Finding a person by a name that people know, for the command.

-- name: key_of_alias
-- The key of the first of these aliases that is known, in their order.
select a.key
from unnest($2::text[]) with ordinality as asked (alias, place)
join ingest.alias as a on a.shop = $1 and a.alias = asked.alias
order by asked.place
limit 1

-- name: has_names
-- Whether any name leads to a key.
select exists (select from ingest.alias where shop = $1 and key = $2)
