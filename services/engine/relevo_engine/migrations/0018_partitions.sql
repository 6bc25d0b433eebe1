-- Engines make and drop the partitions of their append-only tables by these functions, which run as the tables' owner:
-- so a role that may not change the schema can keep them. They know these two tables and names of this form only.
create function engine.make_partition(of_table text, first date, until date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    zone text := case of_table when 'decision' then ' 00:00:00+00' else '' end;
begin
    if of_table not in ('inbox', 'decision') then
        raise exception 'engine.% has no partitions that are made', of_table using errcode = 'invalid_parameter_value';
    end if;
    execute format(
        'create table engine.%I partition of engine.%I for values from (%L) to (%L)',
        of_table || '_' || to_char(first, 'YYYYMMDD'), of_table, first || zone, until || zone
    );
end $$;

create function engine.drop_partition(of_table text, first date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if of_table not in ('inbox', 'decision') then
        raise exception 'engine.% has no partitions that are dropped', of_table using errcode = 'invalid_parameter_value';
    end if;
    execute format('drop table engine.%I', of_table || '_' || to_char(first, 'YYYYMMDD'));
end $$;

revoke execute on function engine.make_partition(text, date, date), engine.drop_partition(text, date) from public;
