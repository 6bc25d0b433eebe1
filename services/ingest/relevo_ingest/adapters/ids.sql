-- name: keep
-- Tells which ids ($2) came before with another digest of their content ($3). If none did, keeps those that are new.
with given as (
    select id, digest from unnest($2::text[], $3::bytea[]) as one(id, digest)
), used as (
    select given.id
      from given join ingest.event_id before on before.shop = $1 and before.id = given.id
     where before.digest <> given.digest
), kept as (
    insert into ingest.event_id (shop, id, digest, seen_at)
    select $1, id, digest, $4 from given where not exists (select from used)
    on conflict (shop, id) do nothing
)
select id from used
