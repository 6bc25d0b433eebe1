-- Who opened a message and followed its links, as the events message.opened, .clicked and .scanned tell: for explaining.
create table notifier.engagement (
    shop     text        not null,
    id       text        not null,           -- the delivery
    event_id text        not null,           -- the event's: the same twice is one row
    kind     text        not null check (kind in ('opened', 'clicked', 'scanned')),
    at       timestamptz not null,
    told_at  timestamptz not null,
    url      text        not null,           -- where a link leads; deleted with the person
    machine  text        not null,           -- what gave a machine away; empty for a person
    primary key (shop, id, event_id)
);

create index engagement_age on notifier.engagement (told_at);
