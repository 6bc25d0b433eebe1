-- What ingest keeps of a person, for those who ask for their data.

-- name: of_person
-- By which names the shop knows them (addresses and numbers are kept as hashes only), how their orders were last, and
-- which sign-ups there were for their addresses.
select 'names' as name, (select jsonb_agg(a.alias order by a.kind, a.alias) from ingest.alias as a
                         where a.shop = $1 and a.key = $2)::text as rows
union all
select 'orders', (select jsonb_agg(to_jsonb(s) - 'shop' - 'deliveries' order by s.touched_at) from ingest.known_state as s
                  where s.shop = $1 and s.kind = 'order' and s.id in (
                      select substr(a.alias, 7) from ingest.alias as a
                      where a.shop = $1 and a.key = $2 and a.kind > 1 and a.alias like 'order:%'))::text
union all
select 'sign_ups', (select jsonb_agg(to_jsonb(o) - 'shop' - 'alias' - 'visitor' order by o.asked_at)
                    from ingest.opt_in as o join ingest.alias as a on a.shop = o.shop and a.alias = o.alias
                    where a.shop = $1 and a.key = $2 and a.kind = 1)::text
