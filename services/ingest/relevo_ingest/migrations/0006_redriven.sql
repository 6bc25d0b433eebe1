-- What was kept as unrecognised and made events later: it is not published a second time, however late it is asked for.
create table ingest.redriven (
    shop     text        not null,
    platform text        not null,
    id       text        not null,    -- of the delivery
    at       timestamptz not null,
    constraint redriven_pkey primary key (shop, platform, id)
);

create index redriven_by_age on ingest.redriven (at);
