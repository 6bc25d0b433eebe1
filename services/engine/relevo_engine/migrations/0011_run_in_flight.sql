-- The runs in flight of a version, by a column that changes only when a run ends: with `state` in its predicate no update of a
-- run was HOT, though none but its end concerns the index. A release before this one reads the table instead, where it
-- reads this index: when runs are moved to another version, and when one is deployed.
create index run_in_flight on engine.run (workflow, version) where end_reason is null;
drop index engine.run_in_version;
