-- WhatsApp and push are channels as e-mail and SMS are. Rows that are there are not looked at: they have one of those two.
alter table notifier.delivery drop constraint delivery_channel_check;
alter table notifier.delivery add constraint delivery_channel_check
    check (channel in ('email', 'sms', 'whatsapp', 'push')) not valid;
alter table notifier.suppression drop constraint suppression_channel_check;
alter table notifier.suppression add constraint suppression_channel_check
    check (channel in ('email', 'sms', 'whatsapp', 'push')) not valid;
alter table notifier.unsubscribed drop constraint unsubscribed_channel_check;
alter table notifier.unsubscribed add constraint unsubscribed_channel_check
    check (channel in ('email', 'sms', 'whatsapp', 'push')) not valid;

-- Which devices of the recipient have a push message already, as hashes of their endpoints: those are left out where it
-- goes to the others again.
alter table notifier.delivery add column reached text[] not null default '{}';
