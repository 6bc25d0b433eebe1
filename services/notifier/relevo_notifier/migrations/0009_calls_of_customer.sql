-- The calls of one customer, for explaining. Neither column ever changes: updates of a row stay HOT.
create index if not exists call_of_customer on notifier.call (shop, key);
