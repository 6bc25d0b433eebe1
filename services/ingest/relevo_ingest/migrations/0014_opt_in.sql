-- Sign-ups that wait for the owner of the address, and the proof of those that were confirmed: kept without end, as
-- consent must be provable. Erasing the person leaves the proof with a hash of the address.
create table ingest.opt_in (
    shop            text        not null,
    id              text        not null,    -- the request's: the same if its form is sent again by itself
    alias           text        not null,    -- "email:<hash>", as in ingest.alias
    address         text,                    -- until the person is erased
    visitor         text        not null,    -- the browser that asked, as an alias; empty if it told none
    details         jsonb       not null,    -- relevo_ingest.core.storefront.opt_in.Details: wording, form, page …
    state           text        not null default 'asked',
    asked_at        timestamptz not null,
    asked_ip        text        not null,    -- a keyed hash; empty once the person was erased
    ended_at        timestamptz,             -- when it was confirmed or declined
    ended_ip        text        not null default '',
    constraint opt_in_pkey primary key (shop, id),
    constraint opt_in_state_is_known check (state in ('asked', 'confirmed', 'declined')),
    constraint opt_in_ends_once check ((state = 'asked') = (ended_at is null)),
    constraint opt_in_details_are_an_object check (jsonb_typeof(details) = 'object')
);

-- How often an address was asked lately; what is to be forgotten with it.
create index opt_in_of_address on ingest.opt_in (shop, alias, asked_at);
-- What was never confirmed is forgotten.
create index opt_in_unconfirmed on ingest.opt_in (asked_at) where state <> 'confirmed';
