-- Which variant of a split has won, by the rule of its workflow: from then on every run of the shop gets it.
create table catalog.winner (
    shop       text        not null,
    workflow   text        not null,
    step       text        not null,
    variant    text        not null,
    decided_at timestamptz not null,
    constraint winner_pkey primary key (shop, workflow, step)
);
