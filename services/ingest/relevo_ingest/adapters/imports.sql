-- How far imports of files have come.

-- name: claim
-- Whether nobody else is at this import; the lock is the connection's.
select pg_try_advisory_lock(1837, hashtext($1));

-- name: find
-- How far an import has come.
select line, records, imported, events, rejected_bytes, reasons, moved_at, ended_at
  from ingest.import
 where shop = $1 and kind = $2 and digest = $3 and settings = $4;

-- name: broken_off
-- On which line the newest import of the file $5 with another content, or read by other settings, broke off.
select line
  from ingest.import
 where shop = $1 and kind = $2 and (digest, settings) <> ($3, $4) and path = $5 and ended_at is null
 order by moved_at desc
 limit 1;

-- name: save
-- Keeps how far it has come. What broke off before with another content of the same file is not gone on with any more.
with other as (
    delete from ingest.import
     where shop = $1 and kind = $2 and (digest, settings) <> ($3, $4) and path = $5 and ended_at is null
)
insert into ingest.import as known (
    shop, kind, digest, settings, path, line, records, imported, events, rejected_bytes, reasons, began_at, moved_at,
    ended_at
)
values (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::timestamptz, $12::timestamptz,
    case when $13::boolean then $12::timestamptz end
)
on conflict (shop, kind, digest, settings) do update
   set path = excluded.path, line = excluded.line, records = excluded.records, imported = excluded.imported,
       events = excluded.events, rejected_bytes = excluded.rejected_bytes, reasons = excluded.reasons,
       moved_at = excluded.moved_at, ended_at = excluded.ended_at;
