-- How many workflows in a row led to a message: what comes of it carries this on, so that a circle of workflows through
-- messages ends. Rows of a release that does not know it begin at none.
alter table notifier.delivery add column hops int not null default 0;
