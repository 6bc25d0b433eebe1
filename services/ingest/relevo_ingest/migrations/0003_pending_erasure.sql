-- Events that erase (customers/redact, shop/redact), from their webhook until they are due: meanwhile they can be taken
-- back. Written by ingest and by `relevo erasures cancel`.
create table ingest.pending_erasure (
    shop     text        not null,
    id       text        not null,    -- the event's id, the same for each redelivery of its webhook
    type     text        not null,
    key      text        not null,
    received timestamptz not null,
    due      timestamptz not null,
    state    text        not null default 'waiting',
    ended    timestamptz,
    event    bytea,                   -- the event, until it was published or taken back
    constraint pending_erasure_pkey primary key (shop, id),
    constraint pending_erasure_state_is_known check (state in ('waiting', 'publishing', 'published', 'cancelled')),
    constraint pending_erasure_keeps_no_data check ((state in ('published', 'cancelled')) = (event is null)),
    constraint pending_erasure_ends_once check ((state in ('published', 'cancelled')) = (ended is not null))
);

create index pending_erasure_due on ingest.pending_erasure (due) where state in ('waiting', 'publishing');
create index pending_erasure_over on ingest.pending_erasure (ended) where state in ('published', 'cancelled');
