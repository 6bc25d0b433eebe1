-- An erasure that waits or was taken back does not come again under another delivery id, which nobody signed.
alter table ingest.pending_erasure add column request text;   -- of topic and body, as a digest

create unique index pending_erasure_of_request on ingest.pending_erasure (shop, type, request) where state <> 'published';
