-- What was said about consent, one row a statement: never changed, never deleted (GDPR Art. 7(1) asks for the proof).
-- Once the person is erased, `key` and `address` are keyed hashes and `ip_hash` is empty.
create table notifier.consent_log (
    shop          text        not null,
    source_id     text        not null,           -- the event that said it: its source and its id
    event_id      text        not null,
    key           text        not null,
    channel       text        not null,
    purpose       text        not null,
    address       text        not null,           -- as the event gave it, or empty: the customer's address of that time
    state         text        not null,
    at            timestamptz not null,           -- when it was said
    source        text        not null,
    wording       text        not null,
    form_url      text        not null,
    list_id       text        not null,
    ip_hash       text        not null,
    double_opt_in boolean     not null,
    primary key (shop, source_id, event_id, channel)
);

create index consent_log_of_customer on notifier.consent_log (shop, key, at);

-- With what addresses of people who were erased are hashed, a secret for each shop.
create table notifier.hash_key (
    shop text primary key,
    salt text not null default gen_random_uuid()::text || gen_random_uuid()::text
);

-- How an erased person's address (or key) stays known: enough to recognise it, and to tell nobody. Null if nobody of
-- the shop was ever erased.
create function notifier.hashed(of_shop text, plain text) returns text
language sql stable as $$
    select 'sha256:' || encode(sha256(convert_to(h.salt || plain, 'UTF8')), 'hex')
    from notifier.hash_key h
    where h.shop = of_shop
$$;

-- As before; suppressed and unsubscribed addresses are found by their hash too, so that nobody who was erased is written
-- to again by mistake.
create or replace function notifier.known_of(of_shop text, of_key text, of_channel text, of_address text)
returns table (contact jsonb, suppressed text[], unsubscribed jsonb, redacted_at timestamptz)
language sql stable as $$
    with mine as (
        select (select c.contact from notifier.contact c where c.shop = of_shop and c.key = of_key) as contact
    ), addresses as (
        select a.plain, a.plain as kept
        from mine m, lateral (values (of_address), (m.contact ->> case of_channel when 'email' then 'email' else 'phone' end))
            as a (plain)
        where a.plain <> ''
        union
        select a.plain, notifier.hashed(of_shop, a.plain)
        from mine m, lateral (values (of_address), (m.contact ->> case of_channel when 'email' then 'email' else 'phone' end))
            as a (plain)
        where a.plain <> '' and exists (select from notifier.hash_key h where h.shop = of_shop)
    )
    select m.contact,
        array(select distinct a.plain from addresses a join notifier.suppression s
              on s.shop = of_shop and s.channel = of_channel and s.address = a.kept),
        (select jsonb_object_agg(u.plain, u.at) from (
             select a.plain, max(u.at) as at from addresses a join notifier.unsubscribed u
             on u.shop = of_shop and u.channel = of_channel and u.address = a.kept
             group by a.plain) u),
        (select max(r.at) from notifier.redaction r where r.shop = of_shop and r.key in (of_key, ''))
    from mine m
$$;
