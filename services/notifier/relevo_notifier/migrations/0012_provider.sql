-- Several providers of one channel side by side: in whose queue a delivery is, and who had its last attempt, since nobody
-- else can tell what became of that. Empty: taken, or tried, by a release that knew one provider for each channel.
alter table notifier.delivery add column provider text not null default '';
alter table notifier.delivery add column tried_by text not null default '';

create index delivery_due on notifier.delivery (channel, provider, wake_at) where wake_at is not null;
drop index notifier.delivery_wake;
