-- The catalog: which shops there are and which workflows are deployed for them.
-- Written by the relevo command only, read by every service.
create schema catalog;

create table catalog.shop (
    shop         text primary key check (shop ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    platform     text not null,
    name         text not null,
    domain       text not null,
    secrets      jsonb not null,             -- webhook secrets with the time until which each is valid
    token_hashes text[] not null,            -- sha256 of the bearer tokens of the event endpoint
    email_from   text not null,
    sms_from     text not null,
    locale       text not null,
    timezone     text not null,
    currency     text not null
);

-- The files of a definition; a version is the hash of their content, so a row never changes.
create table catalog.definition (
    version  text primary key,
    workflow text not null,
    files    jsonb not null
);

-- The history of deployments; the active row of a shop and workflow is what new runs start with.
create table catalog.deployment (
    shop        text not null,               -- '*': every shop
    workflow    text not null,
    revision    bigint not null,
    version     text not null references catalog.definition,
    active      boolean not null,
    author      text not null,
    note        text not null,
    deployed_at timestamptz not null,
    primary key (shop, workflow, revision)
);
create unique index deployment_one_active on catalog.deployment (shop, workflow) where active;

-- One row: grows with every change of shops and deployments, so that "has anything changed?" is one cheap look.
create table catalog.revision (
    one    boolean primary key default true check (one),
    number bigint not null
);
insert into catalog.revision (number) values (1);
