-- Who may use the control API, what was planned and approved by it, and what was done.
create schema control;

-- A bearer token: the database has its SHA-256 alone. `shop` is '*' for one that holds for every shop.
create table control.token (
    shop       text        not null,
    token_id   text        not null,
    name       text        not null,    -- who acts by it: the author, the approver, the actor of the audit log
    hash       text        not null,
    roles      text[]      not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint token_pkey primary key (shop, token_id),
    constraint token_id_form check (token_id ~ '^[0-9a-f]{16}$'),
    constraint token_hash_form check (hash ~ '^[0-9a-f]{64}$'),
    constraint token_name_given check (name <> '' and length(name) <= 200),
    constraint token_has_roles check (cardinality(roles) > 0)
);

create index token_by_id on control.token (token_id);

-- What somebody wants to deploy, by the digest of what it changes; `wish` is what was asked for, files and all.
create table control.plan (
    shop       text        not null,
    digest     text        not null,
    author     text        not null,
    wish       jsonb       not null,
    created_at timestamptz not null,
    applied_at timestamptz,
    constraint plan_pkey primary key (shop, digest),
    constraint plan_digest_form check (digest ~ '^[0-9a-f]{64}$')
);

create index plan_by_age on control.plan (created_at);

-- Who approved a plan; it goes with the plan.
create table control.approval (
    shop   text        not null,
    digest text        not null,
    name   text        not null,
    at     timestamptz not null,
    constraint approval_pkey primary key (shop, digest, name),
    constraint approval_of_plan foreign key (shop, digest) references control.plan (shop, digest) on delete cascade
);

-- Who did what, when, from where, and with what outcome: a chain for each shop, '*' being what concerns all.
-- `hash` is the SHA-256 of the entry together with the hash of the one before.
create table control.audit (
    shop    text        not null,
    number  bigint      not null,
    at      timestamptz not null,
    actor   text        not null,    -- empty: nobody who is known
    means   text        not null,    -- how they were known: the id of a token, or OIDC
    address text        not null,    -- where the request came from
    action  text        not null,
    object  text        not null,
    outcome text        not null,
    hash    text        not null,
    constraint audit_pkey primary key (shop, number),
    constraint audit_counts check (number > 0),
    constraint audit_hash_form check (hash ~ '^[0-9a-f]{64}$')
);

create function control.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;

create trigger audit_is_append_only before update or delete on control.audit
    for each row execute function control.refuse_change();

create trigger audit_is_never_emptied before truncate on control.audit
    for each statement execute function control.refuse_change();

revoke update, delete, truncate on control.audit from public;

-- The answers to posts that had an Idempotency-Key, so that the same again gets the same and does nothing.
create table control.answer (
    shop    text        not null,
    name    text        not null,
    key     text        not null,
    request text        not null,    -- SHA-256 of what was asked
    status  int,                     -- null while it is under way
    body    bytea,
    at      timestamptz not null,
    constraint answer_pkey primary key (shop, name, key)
);

create index answer_by_age on control.answer (at);
