-- Addresses whose owner followed an unsubscribe link: they get no marketing, whichever customer has them, unless that
-- customer agreed later.
create table notifier.unsubscribed (
    shop    text not null,
    channel text not null check (channel in ('email', 'sms')),
    address text not null,
    at      timestamptz not null,
    primary key (shop, channel, address)
);

-- Customers (`key` '': the whole shop) who were erased, and when: what was decided before does not go out.
create table notifier.redaction (
    shop text not null,
    key  text not null,
    at   timestamptz not null,
    primary key (shop, key)
);

alter table notifier.call drop constraint call_state_check;
alter table notifier.call add constraint call_state_check
    check (state in ('queued', 'calling', 'answered', 'failed', 'skipped', 'in_doubt'));

create index call_queued on notifier.call (shop, key) where state = 'queued';

-- All that the decision to send needs to know of a person: the contact, which addresses are suppressed (the contact's,
-- and the one given, of the snapshot), which unsubscribed when, and when the person was erased.
create function notifier.known_of(of_shop text, of_key text, of_channel text, of_address text)
returns table (contact jsonb, suppressed text[], unsubscribed jsonb, redacted_at timestamptz)
language sql stable as $$
    with mine as (
        select (select c.contact from notifier.contact c where c.shop = of_shop and c.key = of_key) as contact
    )
    select m.contact,
        array(select s.address from notifier.suppression s
              where s.shop = of_shop and s.channel = of_channel
                and s.address in (of_address, m.contact ->> case of_channel when 'email' then 'email' else 'phone' end)),
        (select jsonb_object_agg(u.address, u.at) from notifier.unsubscribed u
         where u.shop = of_shop and u.channel = of_channel
           and u.address in (of_address, m.contact ->> case of_channel when 'email' then 'email' else 'phone' end)),
        (select max(r.at) from notifier.redaction r where r.shop = of_shop and r.key in (of_key, ''))
    from mine m
$$;
