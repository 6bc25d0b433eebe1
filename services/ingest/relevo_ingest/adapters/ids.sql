-- name: keep
-- Tells which ids ($2) came before with another digest of their content ($3). If none did, keeps those that are new.
--
-- What another process keeps at the same moment is waited for, and compared: the update changes nothing but tells what
-- is there. An id that was new beside such a one stays kept; the same request, sent again, finds its own.
with given as (
    select id, digest from unnest($2::text[], $3::bytea[]) as one(id, digest)
), used as (
    select given.id
      from given join ingest.event_id before on before.shop = $1 and before.id = given.id
     where before.digest <> given.digest
), kept as (
    insert into ingest.event_id (shop, id, digest, seen_at)
    select $1, id, digest, $4 from given where not exists (select from used)
     order by id    -- every process locks in this order
    on conflict (shop, id) do update set digest = event_id.digest
    returning id, digest
)
select id from used
union
select given.id from given join kept on kept.id = given.id and kept.digest <> given.digest
