-- What the notifier knows: how people may be reached, what it was told to send, and whom it never writes to.
create schema notifier;

-- The newest that the events say of a person (relevo_contracts.contact.Contact).
create table notifier.contact (
    shop    text not null,
    key     text not null,
    contact jsonb not null,
    primary key (shop, key)
) with (fillfactor = 80);

-- The deliveries: a queue while they are open, a log afterwards.
--
-- `wake_at` is the instant (clock time) at which somebody has to look at the row again: the next attempt of a queued
-- one, the end of the lease of one that is being sent, the time to report a finished one again. It is null once there
-- is nothing left to do. It is the only indexed column besides the key, and finishing leaves it as it is, so that an
-- update that finishes a row is HOT.
create table notifier.delivery (
    shop        text not null,
    id          text not null,               -- the effect key
    key         text not null,               -- the customer
    channel     text not null check (channel in ('email', 'sms')),
    state       text not null check (state in ('queued', 'sending', 'sent', 'failed', 'skipped', 'in_doubt')),
    attempts    smallint not null,           -- how often it was given to the provider, or was about to be
    doubts      smallint not null default 0, -- how often an attempt ended without anyone knowing how
    wake_at     timestamptz,
    accepted_at timestamptz not null,
    settled_at  timestamptz,
    provider_id text not null default '',
    reason      text not null default '',
    body        bytea,                       -- the SendDelivery as it came; dropped once the outcome is reported
    outcome     bytea,                       -- the DeliveryOutcome that Kafka has not acknowledged yet
    primary key (shop, id),
    constraint delivery_open_has_body check (state not in ('queued', 'sending') or (body is not null and wake_at is not null)),
    constraint delivery_outcome_wakes check (outcome is null or wake_at is not null)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

create index delivery_wake on notifier.delivery (channel, wake_at) where wake_at is not null;

-- Addresses that are never written to: they don't exist, or their owner told the provider to stop.
create table notifier.suppression (
    shop    text not null,
    channel text not null check (channel in ('email', 'sms')),
    address text not null,
    reason  text not null,
    at      timestamptz not null,
    primary key (shop, channel, address)
);
