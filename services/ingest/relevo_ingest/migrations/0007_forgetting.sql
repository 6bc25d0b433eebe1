-- All names of a person, for erasing them; alias_of_key has the strong ones.
create index alias_to_forget on ingest.alias (shop, key) where kind > 1;
