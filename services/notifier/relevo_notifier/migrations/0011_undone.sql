-- An unsubscription can be undone: each withdrawal by link is a row of its own, so that undoing one leaves the others.
alter table notifier.unsubscribed drop constraint unsubscribed_pkey;
alter table notifier.unsubscribed add primary key (shop, channel, address, at);
