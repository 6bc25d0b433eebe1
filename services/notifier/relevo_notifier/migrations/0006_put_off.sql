-- Why a delivery was put off before it ended (quiet hours, a provider that asked to come back), in order: for explaining.
alter table notifier.delivery add column put_off text[] not null default '{}';
