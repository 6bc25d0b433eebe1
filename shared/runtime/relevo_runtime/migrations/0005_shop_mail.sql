-- What marketing needs of a shop: its postal address (15 U.S.C. 7704(a)(5)) and the hours in which it sends none.
alter table catalog.shop
    add column postal_address text not null default '',      -- one line, as it stands at the end of an e-mail
    add column quiet_hours    text not null default '' check (quiet_hours ~ '^(\d\d:\d\d-\d\d:\d\d)?$');
