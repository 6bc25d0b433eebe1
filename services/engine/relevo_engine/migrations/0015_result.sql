-- What workflows come to, as counts that stay when runs, decisions and messages are gone. They say nothing of a person.
-- `day` is the UTC day on which the run started. `writer` is the smallest of the Kafka partitions that a transaction holds:
-- no two transactions at a time have the same, so none waits for another's row. Readers add up.
create table engine.result (
    shop     text    not null,
    workflow text    not null,
    version  text    not null,
    variant  text    not null,    -- the arms of splits ('split-1/a split-2/b'), or 'holdout'
    day      date    not null,
    step     text    not null,
    measure  text    not null,
    detail   text    not null,    -- of a message its channel, of an end its reason
    currency text    not null,
    writer   integer not null,
    count    bigint  not null,
    amount   numeric not null,
    squares  numeric not null,    -- the sum of the squares of what makes up `amount`
    constraint result_pkey primary key (shop, workflow, day, version, variant, step, measure, detail, currency, writer)
) with (fillfactor = 70);

-- What a message of the run counts for, also when the run is over and its state is gone.
alter table engine.run add column variant text not null default '';
