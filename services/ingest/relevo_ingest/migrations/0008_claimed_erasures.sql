-- One process at a time publishes an erasure that is due: two would erase what came in between them.
alter table ingest.pending_erasure add column claimed_until timestamptz;   -- wall time of the database

-- alias_of_key has all names of a key.
drop index ingest.alias_to_forget;
