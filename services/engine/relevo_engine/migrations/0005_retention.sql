-- For deleting what is over and old, oldest first; and a task is also looked for by its id alone.
create index run_ended on engine.run (ended_at) where ended_at is not null;
create index task_closed on engine.task (closed_at) where closed_at is not null;
create index task_by_id on engine.task (task_id);
