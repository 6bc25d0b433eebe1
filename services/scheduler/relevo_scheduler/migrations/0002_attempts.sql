-- How often a timer was published: its lease doubles each time, so that wake-ups don't multiply while no engine is there.
alter table scheduler.timer add column attempts int not null default 0;
