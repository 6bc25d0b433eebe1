-- Messages to the staff about a customer's task: what becomes of them says nothing of the customer.
alter table notifier.delivery add column staff boolean not null default false;
