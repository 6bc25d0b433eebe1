-- Making and dropping the partitions of the append-only tables.

-- name: existing
-- The first day that each partition of a table of the engine holds.
select to_date(right(c.relname, 8), 'YYYYMMDD') as first_day
from pg_inherits as i
join pg_class as c on c.oid = i.inhrelid
where i.inhparent = ('engine.' || $1)::regclass and c.relname ~ '_[0-9]{8}$'
order by first_day;

-- name: holds_rows_between
-- Whether the default partition already took rows of the days from $2 until before $3: then they stay there.
select case $1
    when 'inbox' then exists (select from engine.inbox_default where period >= $2::date and period < $3::date)
    else exists (select from engine.decision_default where recorded_at >= ($2::date)::timestamp at time zone 'UTC' and recorded_at < ($3::date)::timestamp at time zone 'UTC')
end;

-- name: lock
-- One engine at a time makes and drops partitions.
select pg_advisory_xact_lock($1);

-- name: make
-- A partition of the table $1 for the days from $2 until before $3.
select engine.make_partition($1, $2, $3);

-- name: drop
-- Drops the partition of the table $1 that begins with the day $2.
select engine.drop_partition($1, $2);
