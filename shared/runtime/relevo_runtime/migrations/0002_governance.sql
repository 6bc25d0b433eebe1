-- Who may change what: reviews and approvals of deployments, and the people who may approve.
alter table catalog.deployment
    add column reviewer  text not null default '',      -- who reviewed it (needed for `change: production`)
    add column approver  text not null default '',      -- who approved it (needed for `change: administrative`)
    add column in_flight text not null default 'pin' check (in_flight in ('pin', 'migrate', 'drain'));

create table catalog.approver (
    shop     text not null,                  -- '*': every shop
    name     text not null check (name <> ''),
    added_at timestamptz not null,
    primary key (shop, name)
);
