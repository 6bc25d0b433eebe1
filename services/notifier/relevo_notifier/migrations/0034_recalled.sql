-- Why the run that asked for a message has ended before its time; empty: it has not. What has not begun then is not sent.
alter table notifier.delivery add column recalled text not null default '';
