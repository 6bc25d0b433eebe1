-- Put into the template of the tests' databases, after the migrations: how to make a database as it was.
create schema pristine;

-- The rows that the migrations left, and how far they took the sequences.
do $$
declare
    here record;
    filled boolean;
begin
    for here in
        select c.oid::regclass as name, c.oid
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pristine')
    loop
        execute format('select exists (select from only %s)', here.name) into filled;
        if filled then
            execute format('create table pristine.%I as select * from only %s', here.oid, here.name);
        end if;
    end loop;
end $$;

create table pristine.sequence as
select c.oid::regclass as name, q.start_value, q.last_value
from pg_sequences q
join pg_namespace n on n.nspname = q.schemaname
join pg_class c on c.relnamespace = n.oid and c.relname = q.sequencename;

-- What was done to the database beside its rows.
create table pristine.changed (what text);

create function pristine.note_change() returns event_trigger language plpgsql as $$
begin
    insert into pristine.changed select command_tag from pg_event_trigger_ddl_commands();
end $$;

create function pristine.note_drop() returns event_trigger language plpgsql as $$
begin
    insert into pristine.changed select object_identity from pg_event_trigger_dropped_objects() where not is_temporary;
end $$;

-- Empties every table and brings back what the migrations left; false, and nothing done, if more than rows was changed
-- or so much was written that its dead rows would slow down the next test.
create function pristine.reset() returns boolean language plpgsql as $$
declare
    here record;
begin
    if exists (select from pristine.changed) or pg_database_size(current_database()) > 32000000 then
        return false;
    end if;
    set local session_replication_role = replica;  -- no triggers, no foreign keys
    for here in
        select c.oid::regclass as name, c.oid
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pristine')
    loop
        execute format('delete from only %s', here.name);
        if to_regclass(format('pristine.%I', here.oid)) is not null then
            execute format('insert into %s overriding system value select * from pristine.%I', here.name, here.oid);
        end if;
    end loop;
    perform setval(name, coalesce(last_value, start_value), last_value is not null) from pristine.sequence;
    return true;
end $$;

create event trigger note_change on ddl_command_end execute function pristine.note_change();
create event trigger note_drop on sql_drop execute function pristine.note_drop();
