-- What people write to the shops' numbers, and what STOP and START mean.

-- How an address came to be there: by a link, or by a STOP, which START lifts. Empty: by a release before this one, or a link.
alter table notifier.unsubscribed add column source text not null default '';

-- The last message that was sent to a number: whose answer a message from there is.
create table notifier.last_message (
    shop        text        not null,
    channel     text        not null,
    address     text        not null,           -- E.164
    key         text        not null,           -- the customer whose run sent it
    delivery_id text        not null,
    workflow    text        not null,
    step        text        not null,
    at          timestamptz not null,
    primary key (shop, channel, address)
);

create index last_message_of_customer on notifier.last_message (shop, key);
create index last_message_to on notifier.last_message (channel, address);
create index last_message_age on notifier.last_message (at);

-- The messages that came, each once by the provider's name for it, without what it said; and the answers to keywords.
create table notifier.inbound (
    shop        text        not null,
    provider    text        not null,
    message_id  text        not null,           -- the provider's
    channel     text        not null,
    address     text        not null,           -- who wrote
    own         text        not null,           -- to which number of the shop
    key         text        not null,           -- whom it is about
    owner       text        not null,           -- whose the number is
    is_new      boolean     not null,           -- nobody had the number before
    keyword     text        not null check (keyword in ('', 'stop', 'start', 'help')),
    at          timestamptz not null,
    told        boolean     not null,           -- workflows hear of it: it is within the limit of the number
    answer      text        not null,           -- what is answered; empty: nothing
    answer_by   timestamptz,                    -- until when it may still be answered; null: it was, or it won't be
    answered_at timestamptz,
    primary key (shop, provider, message_id),
    constraint inbound_answer check (answer_by is null or answer <> '')
);

create index inbound_of_customer on notifier.inbound (shop, key);
create index inbound_of_owner on notifier.inbound (shop, owner);
create index inbound_of_number on notifier.inbound (shop, channel, address, at);
create index inbound_age on notifier.inbound (at);
create index inbound_to_answer on notifier.inbound (answer_by) where answer_by is not null;
