-- A shop that is erased is walked too: each of its customers is erased by an event of their own.
alter table engine.fanout drop constraint fanout_kind_is_known;
alter table engine.fanout add constraint fanout_kind_is_known check (kind in ('event', 'start', 'refresh', 'erase'));

-- All runs of a customer, for erasing them; the index of the active ones knows nothing of the others.
create index run_of_customer on engine.run (shop, key) where ended_at is not null;
