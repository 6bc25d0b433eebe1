-- What a double opt-in proves more: which form it was, which version of its wording, and when the owner of the address was
-- asked. Statements of before have none of it; for sign-ups ingest.opt_in has it.
alter table notifier.consent_log add column form text not null default '';
alter table notifier.consent_log add column wording_version text not null default '';
alter table notifier.consent_log add column requested_at timestamptz;
