-- name: postpone
-- Keeps events that erase until they are due. One that was kept before stays as it is, also one that was taken back,
-- and under another id too if it is the same request ($8).
insert into ingest.pending_erasure (shop, id, type, key, received, due, event, request)
select given.*, $8
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bytea[]) as given
    on conflict do nothing;

-- name: claim_due
-- What is due at $1, at most $2: from now on it can't be taken back, and nobody else publishes it for $3 of wall time.
-- What a dead process claimed is claimed again after that.
with due as (
    select shop, id from ingest.pending_erasure
     where due <= $1 and state in ('waiting', 'publishing')
       and (claimed_until is null or claimed_until <= clock_timestamp())
     order by due limit $2 for update skip locked
)
update ingest.pending_erasure pending
   set state = 'publishing', claimed_until = clock_timestamp() + $3::interval
  from due
 where pending.shop = due.shop and pending.id = due.id
returning pending.shop, pending.id, pending.key, pending.event;

-- name: end
-- These ($1 shops, $2 ids) were published at $3: what they were about is forgotten here.
update ingest.pending_erasure pending
   set state = 'published', ended = $3, event = null
  from unnest($1::text[], $2::text[]) as done(shop, id)
 where pending.shop = done.shop and pending.id = done.id and pending.state = 'publishing';

-- name: forget
-- Up to $2 of those that were over before $1.
delete from ingest.pending_erasure
 where (shop, id) in (select shop, id from ingest.pending_erasure
                       where state in ('published', 'cancelled') and ended < $1 limit $2);

-- name: next_due
-- When the next one that waits, and that nobody publishes at the moment, is due.
select min(due) from ingest.pending_erasure
 where state in ('waiting', 'publishing') and (claimed_until is null or claimed_until <= clock_timestamp());

-- name: list
-- Those of the shop $1 (all shops if it is null), the next one first; those that are over only if $2.
select shop, id, type, key, received, due, state, ended
  from ingest.pending_erasure
 where ($1::text is null or shop = $1) and ($2 or state in ('waiting', 'publishing'))
 order by due, shop, id;

-- name: cancel
-- Takes back the erasure $2 of the shop $1 at $3, if it still waits.
update ingest.pending_erasure
   set state = 'cancelled', ended = $3, event = null
 where shop = $1 and id = $2 and state = 'waiting'
returning shop, id, type, key, received, due, state, ended;
