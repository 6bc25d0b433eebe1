-- For deleting what is over and old. `accepted_at` never changes, so that updates that finish a row stay HOT.
create index delivery_over on notifier.delivery (accepted_at) where wake_at is null;
create index call_over on notifier.call (accepted_at) where wake_at is null;
