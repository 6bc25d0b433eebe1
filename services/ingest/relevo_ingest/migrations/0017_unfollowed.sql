-- Whose clicks and openings are not recorded: who objects, and who was erased, for messages of before then. Of the person
-- it holds the opaque key alone.
create table ingest.unfollowed (
    shop   text        not null,
    key    text        not null,             -- empty: everybody of the shop
    reason text        not null,             -- the channel about which they object, or 'erased'
    at     timestamptz not null,
    constraint unfollowed_pkey primary key (shop, key, reason),
    constraint unfollowed_reason_is_known check (reason in ('email', 'sms', 'whatsapp', 'push', 'erased'))
);
