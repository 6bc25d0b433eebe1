-- The contact policies that were deployed, of a shop or of every shop ('*'); written by the `relevo` command.
create table notifier.policy (
    shop        text        not null,
    revision    bigint      not null,           -- the catalog's, at which it was deployed
    version     text        not null,           -- the hash of its text
    source      text        not null,           -- policy.yaml
    compiled    text        not null,           -- relevo_contracts.policy.Policy as JSON
    active      boolean     not null,
    author      text        not null default '',
    note        text        not null default '',
    deployed_at timestamptz not null,
    primary key (shop, revision)
);

create unique index policy_active on notifier.policy (shop) where active;

-- The places under the caps of policies that are taken: by messages that were sent, or are being sent. `key` is the
-- customer as known by now: whoever is merged takes the places along. Whoever gives a place away holds the person's
-- advisory lock (notifier.place_lock).
create table notifier.place (
    shop    text        not null,
    id      text        not null,               -- the delivery
    key     text        not null,
    channel text        not null,
    purpose text        not null,               -- by its name in the policy
    content bytea       not null default '',    -- the digest of what it says; empty where nobody asks
    at      timestamptz not null,               -- when it was sent, or began to be
    primary key (shop, id)
);

create index place_of_customer on notifier.place (shop, key, at);
create index place_old on notifier.place (at);

-- What two transactions that give places of the same person away wait for.
create function notifier.place_lock(of_shop text, of_key text) returns bigint
language sql immutable as $$ select hashtextextended('notifier.place/' || of_shop || '/' || of_key, 0) $$;
