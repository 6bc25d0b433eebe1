-- name: done
-- Which of the deliveries (shops $1, platforms $2, ids $3) made events by being read again.
select shop, platform, id from ingest.redriven
 where (shop, platform, id) in (select * from unnest($1::text[], $2::text[], $3::text[]));

-- name: mark
-- The delivery $3 of the platform $2 of the shop $1 made events at $4.
insert into ingest.redriven (shop, platform, id, at) values ($1, $2, $3, $4) on conflict do nothing;

-- name: forget
-- Up to $2 of those before $1: the topic keeps their messages no longer.
delete from ingest.redriven
 where (shop, platform, id) in (select shop, platform, id from ingest.redriven where at < $1 limit $2);
