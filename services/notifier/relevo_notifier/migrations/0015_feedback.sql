-- What providers tell of messages after they were handed over: delivered, bounced, complained about, unsubscribed from.

-- What a message is for, by which its provider is chosen (empty: taken by a release that did not look at it), and to
-- which address or number it was handed over (empty: not yet, or erased with the person).
alter table notifier.delivery add column purpose text not null default '';
alter table notifier.delivery add column recipient text not null default '';

-- By what a provider names a message of ours: the local part of its Message-ID, which is a hash of shop and effect key.
create function notifier.message_of(of_shop text, of_id text) returns bytea
language sql immutable parallel safe as $$
    select substr(sha256(convert_to(of_shop || chr(10) || of_id, 'UTF8')), 1, 20)
$$;

create index delivery_of_message on notifier.delivery (notifier.message_of(shop, id));

-- What was told of a delivery. `event_id` is the provider's own, or made of what it told: the same twice is one row.
create table notifier.feedback (
    shop      text        not null,
    id        text        not null,          -- the delivery
    event_id  text        not null,
    provider  text        not null,
    kind      text        not null check (kind in ('delivered', 'bounced', 'complained', 'unsubscribed')),
    at        timestamptz not null,          -- when it happened, by the provider's clock
    told_at   timestamptz not null,
    permanent boolean     not null,          -- of a bounce: the address will never take anything
    status    text        not null,          -- the enhanced status code (RFC 3463), or the provider's own
    reason    text        not null,          -- the provider's words; erased with the person
    primary key (shop, id, event_id)
);

create index feedback_age on notifier.feedback (told_at);
