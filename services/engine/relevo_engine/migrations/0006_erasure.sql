-- A shop that is erased is walked too: each of its customers is erased by an event of their own.
alter table engine.fanout drop constraint fanout_kind_is_known;
alter table engine.fanout add constraint fanout_kind_is_known check (kind in ('event', 'start', 'refresh', 'erase'));

-- All runs of a customer, for erasing them; the index of the active ones knows nothing of the others.
create index run_of_customer on engine.run (shop, key) where ended_at is not null;

-- That somebody was erased, when, and by whose wish (the source of the event): the proof that stays.
create table engine.erasure (
    shop     text        not null,
    key      text        not null,
    at       timestamptz not null,
    event_id text        not null,
    source   text        not null,
    primary key (shop, key, at)
);

-- People who asked for their data (GDPR Art. 15), until they have them.
create table engine.data_request (
    shop         text        not null,
    event_id     text        not null,
    key          text        not null,
    requested_at timestamptz not null,
    due_at       timestamptz not null,
    answered_at  timestamptz,
    answered_by  text        not null default '',
    primary key (shop, event_id)
);

create index data_request_open on engine.data_request (due_at) where answered_at is null;
