-- The runs in flight of a version. By its own predicate, so that whoever looks for the runs of a customer never gets this
-- index: while there are no runs, the planner holds it for as good as run_active, and the plan stays when there are many.
create index run_in_version on engine.run (workflow, version) where state is not null;
drop index engine.run_by_version;
