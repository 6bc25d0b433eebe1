-- name: add
-- Keeps notifications, in order.
insert into ingest.notification (shop, platform, kind, entity, delivery, topic, headers, body, received)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::bytea[],
                     $9::timestamptz[]);

-- name: claim
-- All notifications of at most $1 entities that are due, leased for $2; not of the shops $3, nor of one whose API has to
-- be left alone. Two processes that choose the same entity: the second finds its rows leased when it gets their locks.
with chosen as (
    select shop, platform, kind, entity, min(number) as first
      from ingest.notification waiting
     where shop <> all($3::text[])
       and not exists (select from ingest.notification other
                        where other.shop = waiting.shop and other.due > clock_timestamp())
     group by shop, platform, kind, entity
    having bool_and(leased_until is null or leased_until <= clock_timestamp())
     order by first
     limit $1
)
update ingest.notification notification
   set leased_until = clock_timestamp() + $2::interval
  from chosen
 where (notification.shop, notification.platform, notification.kind, notification.entity)
     = (chosen.shop, chosen.platform, chosen.kind, chosen.entity)
   and (notification.leased_until is null or notification.leased_until <= clock_timestamp())
returning notification.number, notification.shop, notification.platform, notification.kind, notification.entity,
          notification.delivery, notification.topic, notification.headers, notification.body, notification.received,
          notification.failures;

-- name: end
-- The notifications $1 were read.
delete from ingest.notification where number = any($1::bigint[]);

-- name: put_off
-- The notifications $1 are tried again after $2; the error was $3.
update ingest.notification
   set leased_until = null, due = clock_timestamp() + $2::interval, failures = failures + 1, error = $3
 where number = any($1::bigint[]);
