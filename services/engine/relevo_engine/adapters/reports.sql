-- Reports to the staff (engine.report), and what they are made of.

-- name: put
-- Keeps a report; one of that name is replaced.
insert into engine.report (shop, name, every, sections, members, due_at)
values ($1, $2, $3, $4::text[], $5::text[], $6)
on conflict (shop, name) do update set
    every = excluded.every, sections = excluded.sections, members = excluded.members, due_at = excluded.due_at;

-- name: remove
-- A report is wanted no more; whether it was.
delete from engine.report where shop = $1 and name = $2 returning true;

-- name: list
-- The reports of the shop $1.
select shop, name, every, sections, members, due_at from engine.report where shop = $1 order by name;

-- name: claim
-- Up to $3 reports of the shops $1 that are due at $2, for the transaction that asks. What another one has is left out.
select shop, name, every, sections, members, due_at from engine.report
where shop = any($1::text[]) and due_at <= $2
order by due_at, shop, name
limit $3
for update skip locked;

-- name: next_due
-- When the next one of the shops $1 is due.
select min(due_at) from engine.report where shop = any($1::text[]);

-- name: tasks
-- The tasks of the shop $1: those that are open, those overdue at $4, those opened and closed from $2 to before $3.
select
    count(*) filter (where status = 'open') as open,
    count(*) filter (where status = 'open' and deadline < $4) as overdue,
    count(*) filter (where opened_at >= $2 and opened_at < $3) as opened,
    count(*) filter (where closed_at >= $2 and closed_at < $3) as closed
from engine.task where shop = $1;

-- name: sold_out
-- What is sold out in the shop $1, and how much that is: products with all their variants, as far as it is known. It names
-- the first $2.
select coalesce(nullif(product ->> 'title', ''), product_id) as name, count(*) over () as count
from engine.product
where shop = $1 and not product ? 'deleted_at'
    and case
        when jsonb_array_length(coalesce(product -> 'variants', '[]')) > 0 then not exists (
            select from jsonb_array_elements(product -> 'variants') as v
            where coalesce((v ->> 'available')::numeric > 0, (v ->> 'in_stock')::boolean, true))
        else product ->> 'in_stock' = 'false'
    end
order by name
limit $2;
