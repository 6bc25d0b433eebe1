-- Limits of providers, of shops and of destinations; and turns among the shops that have something waiting.

-- Where it goes to, as far as limits tell places apart: an operator of mailboxes, a domain or the beginning of a number
-- that a limit names; empty: anywhere else, or taken by a release that did not look at it.
alter table notifier.delivery add column destination text not null default '';

-- The subqueues of a queue, each in the order in which its messages are due.
create index delivery_turn on notifier.delivery (channel, provider, purpose, destination, shop, wake_at)
    where wake_at is not null;

-- How full the bucket of a limit was at an instant (relevo_notifier.core.limits), and since when it keeps messages back,
-- with the reason that people are shown. What keeps a whole provider back has a row of its own, named `pace`.
create table notifier.rate (
    shop      text             not null,        -- whose bucket it is; empty: that of all
    provider  text             not null,
    name      text             not null,
    level     double precision not null,
    at        timestamptz      not null,
    why       text             not null default '',
    denied_at timestamptz,                       -- when it last kept something back
    primary key (shop, provider, name)
) with (fillfactor = 50);

-- What two instances that take from the buckets of a provider wait for.
create function notifier.rate_lock(of_provider text) returns bigint
language sql immutable as $$ select hashtextextended('notifier.rate/' || of_provider, 0) $$;
