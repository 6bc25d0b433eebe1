-- What a shop lets the browsers of its visitors tell: the public key that its pages carry, and the rules for them.
create table catalog.storefront (
    shop        text not null primary key,
    key         text not null check (key ~ '^pk_[A-Za-z0-9_-]{16,80}$'),   -- public: it stands in every page
    domains     text[] not null,             -- host names of the shop's pages; '*.example.com' for all below one
    consent     text not null check (consent in ('required', 'assumed')),
    filter_bots boolean not null,
    secrets     jsonb not null               -- with which the shop's server signs who is signed in, as catalog.shop's
);
