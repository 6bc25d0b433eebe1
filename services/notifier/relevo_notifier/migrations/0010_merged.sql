-- Customers who turned out to be another one: what is learnt of `into_key` is known of `key` too, for what was decided
-- before, and for links in old mails.
create table notifier.merged (
    shop     text not null,
    key      text not null,
    into_key text not null,
    primary key (shop, key),
    constraint merged_into_another check (key <> into_key)
);

create index merged_into on notifier.merged (shop, into_key);
