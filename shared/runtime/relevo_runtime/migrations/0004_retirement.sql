-- A version that is taken out of service without another in its place (a drain): when, by whom and why.
alter table catalog.deployment
    add column retired_at   timestamptz,
    add column retired_by   text not null default '',
    add column retired_note text not null default '',
    add constraint deployment_retired_is_not_active check (retired_at is null or not active);
