-- What of a shop's messages is followed, and with which campaign parameters links go out (`LinkRules`). Of a shop that
-- was there before nothing is, until it says so: an upgrade begins to follow nobody.
alter table catalog.shop add column links jsonb not null default '{"tracking": "off", "utm": null}';
