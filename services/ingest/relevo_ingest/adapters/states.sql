-- name: observe
-- What is known of each entity ($1 its number), with what a message tells of it ($7; null: it only looks) kept.
--
-- No two rows that tell are about the same entity (the caller sees to it). A row's lock makes two processes take turns,
-- and the second sees what the first kept. A delivery that is known already changes nothing; nor does one that is older
-- than what is known, but it adds what nobody had told yet.
with asked as (
    select *
      from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[])
        as question(n, shop, kind, id, delivery, at, state)
), observed as (
    insert into ingest.known_state as known (shop, kind, id, state, changed_at, deliveries, touched_at)
    select shop, kind, id, state, at, jsonb_build_array(jsonb_build_object('id', delivery, 'before', null)), $8
      from asked
     where state is not null
     order by shop, kind, id    -- every process locks in this order
    on conflict (shop, kind, id) do update
       set (state, changed_at, deliveries) = (
               select case when known.deliveries @> jsonb_build_array(jsonb_build_object('id', new.delivery))
                           then known.state
                           when excluded.changed_at < known.changed_at then excluded.state || known.state
                           else known.state || excluded.state end,
                      greatest(known.changed_at, excluded.changed_at),
                      case when known.deliveries @> jsonb_build_array(jsonb_build_object('id', new.delivery))
                             or excluded.changed_at < known.changed_at
                           then known.deliveries
                           else jsonb_path_query_array(
                               jsonb_build_array(jsonb_build_object('id', new.delivery, 'before', known.state))
                               || known.deliveries, '$[0 to 7]') end
                 from (select excluded.deliveries #>> '{0,id}' as delivery) new
           ),
           touched_at = excluded.touched_at
    returning shop, kind, id, state, deliveries
)
select asked.n, coalesce(observed.state, known.state) as state, told.told
  from asked
  left join observed on asked.state is not null
   and (observed.shop, observed.kind, observed.id) = (asked.shop, asked.kind, asked.id)
  left join ingest.known_state known on asked.state is null
   and (known.shop, known.kind, known.id) = (asked.shop, asked.kind, asked.id)
  left join lateral (
      select told from jsonb_array_elements(observed.deliveries) told where told ->> 'id' = asked.delivery limit 1
  ) told on true;
