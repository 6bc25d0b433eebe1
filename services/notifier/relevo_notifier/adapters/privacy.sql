-- All that the notifier keeps of a customer, for those who ask for their data.

-- name: of_customer
-- One JSON text for each table. What was said and sent before a merge is kept under the key of that time.
with keys as (select $2::text as key union all select key from notifier.merged where shop = $1 and into_key = $2)
select 'contact' as name, (select c.contact from notifier.contact as c where c.shop = $1 and c.key = $2)::text as rows
union all
select 'consents', (select jsonb_agg(to_jsonb(l) - 'shop' order by l.at) from notifier.consent_log as l
                    where l.shop = $1 and l.key in (select key from keys))::text
union all
select 'messages', (select jsonb_agg(to_jsonb(d) - 'shop' - 'body' - 'outcome'
                           || jsonb_build_object('message', convert_from(d.body, 'UTF8')) order by d.accepted_at)
                    from notifier.delivery as d
                    where d.shop = $1 and not d.staff and d.key in (select key from keys))::text
union all
select 'feedback', (select jsonb_agg(to_jsonb(f) - 'shop' order by f.at)
                    from notifier.feedback as f join notifier.delivery as d on d.shop = f.shop and d.id = f.id
                    where d.shop = $1 and d.key in (select key from keys))::text
union all
select 'engagement', (select jsonb_agg(to_jsonb(e) - 'shop' order by e.at)
                      from notifier.engagement as e join notifier.delivery as d on d.shop = e.shop and d.id = e.id
                      where d.shop = $1 and d.key in (select key from keys))::text
union all
select 'calls', (select jsonb_agg(to_jsonb(c) - 'shop' - 'body' - 'outcome'
                        || jsonb_build_object('request', convert_from(c.body, 'UTF8')) order by c.accepted_at)
                 from notifier.call as c where c.shop = $1 and c.key in (select key from keys))::text
union all
select 'places', (select jsonb_agg(to_jsonb(p) - 'shop' - 'content' order by p.at)
                  from notifier.place as p where p.shop = $1 and p.key in (select key from keys))::text
union all
select 'received', (select jsonb_agg(to_jsonb(i) - 'shop' order by i.at) from notifier.inbound as i
                    where i.shop = $1 and (i.key in (select key from keys) or i.owner in (select key from keys)))::text
union all
select 'suppressed', (select jsonb_agg(to_jsonb(s) - 'shop' order by s.at)
                      from notifier.suppression as s join notifier.contact as c on c.shop = s.shop and c.key = $2
                      where s.shop = $1 and s.address in (c.contact ->> 'email', c.contact ->> 'phone'))::text
union all
select 'unsubscribed', (select jsonb_agg(to_jsonb(u) - 'shop' order by u.at)
                        from notifier.unsubscribed as u join notifier.contact as c on c.shop = u.shop and c.key = $2
                        where u.shop = $1 and u.address in (c.contact ->> 'email', c.contact ->> 'phone'))::text

-- name: consents
-- What a customer said about consent since $3, also under the keys that were merged into theirs; the oldest first.
select channel, purpose, address, state, at, source, wording, form_url, list_id, ip_hash, double_opt_in,
    form, wording_version, requested_at
from notifier.consent_log
where shop = $1 and at >= $3
    and key in (select $2::text union all select key from notifier.merged where shop = $1 and into_key = $2)
order by at, channel
