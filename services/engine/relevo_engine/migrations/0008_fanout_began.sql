-- When a walk began: erasing a shop ends with the keys of its people that are older.
alter table engine.fanout add column began_at timestamptz not null default clock_timestamp();   -- wall time of the database
