-- With what messages about a person are sealed on Kafka. Erasing the person deletes their rows, and nobody can read
-- those messages any more. Written through relevo_runtime.sealing alone, by every service that publishes.
create table catalog.data_key (
    shop       text        not null,
    key        text        not null,           -- the customer, or `shop` for what is about the shop itself
    id         bytea       not null check (length(id) = 16),   -- random; is in each message that was sealed with it
    secret     bytea       not null,           -- wrapped with RELEVO_DATA_KEY if that is set
    retired    boolean     not null default false,   -- seals nothing any more: its person's erasure is on its way
    created_at timestamptz not null default clock_timestamp(),   -- wall time of the database
    primary key (shop, id)
);

create unique index data_key_in_use on catalog.data_key (shop, key) where not retired;
create index data_key_of_customer on catalog.data_key (shop, key);
