-- By which message of ours a provider's own name stands for a text: of two texts that say the same to one number, each is
-- found by its own. Only of providers that can be asked what they took.
create table notifier.text_taken (
    provider_id text        not null,           -- the provider's name for the text
    shop        text        not null,
    id          text        not null,           -- the delivery
    at          timestamptz not null,
    primary key (provider_id, shop, id)
);

create index text_taken_age on notifier.text_taken (at);
create index text_taken_of_delivery on notifier.text_taken (shop, id);

-- How many workflows in a row led to the last message to a number: an answer that follows soon carries it on, so that a
-- workflow and a machine that answer each other end.
alter table notifier.last_message add column hops int not null default 0;
