-- Customers who turned out to be another one: what still comes for `key` is for `into_key`. Small, and kept for good:
-- links in old mails and late answers carry old keys.
create table engine.merged (
    shop     text        not null,
    key      text        not null,
    into_key text        not null,
    at       timestamptz not null,
    primary key (shop, key),
    constraint merged_into_another check (key <> into_key)
);

create index merged_into on engine.merged (shop, into_key);
