-- Which other system of a shop serves a port of workflows (helpdesk, erp …). Written by `relevo systems`.
create table catalog.system (
    shop        text not null,
    port        text not null,
    system      text not null,               -- its folder in the notifier: zendesk, odoo …
    base_url    text not null,               -- where its API is; paths are added to it
    credentials jsonb not null,              -- by the names that the system has: secrets, sealed if there is a key
    settings    jsonb not null default '{}', -- what else the system needs to know, in clear
    added_at    timestamptz not null,
    primary key (shop, port)
);
