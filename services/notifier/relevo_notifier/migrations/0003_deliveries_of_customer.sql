-- The deliveries of one customer, for explaining. Neither column ever changes: updates of a row stay HOT.
create index delivery_of_customer on notifier.delivery (shop, key);
