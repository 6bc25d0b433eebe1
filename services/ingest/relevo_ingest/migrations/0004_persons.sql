-- A browser, a company account and a SKU are names too; and what belongs to a key is asked for by every kind: before a
-- weak name leads to it, when two customers are merged, and when one is erased.
alter table ingest.alias drop constraint alias_kind_is_known;
alter table ingest.alias add constraint alias_kind_is_known check (kind between 0 and 12);

drop index ingest.alias_of_key;
create index alias_of_key on ingest.alias (shop, key, kind);
