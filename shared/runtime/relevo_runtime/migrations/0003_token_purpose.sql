-- A token has a purpose. Those that there are post events and no longer answer tasks of the staff.
alter table catalog.shop
    add column task_token_hashes text[] not null default '{}'; -- sha256 of the bearer tokens of the tasks endpoint
