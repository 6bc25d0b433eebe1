-- How orders, parcels, refunds, returns and products were when a shop last told of them: a platform that tells only how
-- something is does not say what has changed. Written by ingest alone.
create table ingest.known_state (
    shop       text        not null,
    kind       text        not null,    -- relevo_ingest.core.states.Thing: "order", "shipment", "refund", …
    id         text        not null,    -- the platform's
    state      jsonb       not null,    -- small; the contact of an order is in it
    changed_at timestamptz not null,    -- the platform's time of that state: older news changes nothing
    -- The newest deliveries that changed it, each with the state before: the same one again gets the same answer.
    deliveries jsonb       not null,
    touched_at timestamptz not null,    -- when it was last told of, by ingest's clock
    constraint known_state_pkey primary key (shop, kind, id),
    constraint known_state_is_an_object check (jsonb_typeof(state) = 'object' and jsonb_typeof(deliveries) = 'array')
);

create index known_state_by_touch on ingest.known_state (touched_at);
-- The parcels, refunds and returns of an order are forgotten with it.
create index known_state_of_order on ingest.known_state (shop, (state ->> 'order')) where state ? 'order';
