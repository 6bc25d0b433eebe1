-- What the staff is still to hear (engine.notice).

-- name: put
-- Notes notices; one that is there already is due when it is given now.
insert into engine.notice (shop, id, kind, task_id, member, due_at)
select shop, id, kind, task_id, member, due_at
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    as g(shop, id, kind, task_id, member, due_at)
on conflict (shop, id) do update set due_at = excluded.due_at

-- name: due_shops
-- The shops of which something is due at $1.
select distinct shop from engine.notice where due_at <= $1 order by shop

-- name: claim
-- Up to $3 of the shops $1 that are due at $2, the earliest first, for the transaction that asks. What another one has is
-- left out.
select shop, id, kind, task_id, member, due_at from engine.notice
where shop = any($1::text[]) and due_at <= $2
order by due_at, shop, id
limit $3
for update skip locked

-- name: delete
-- These are over.
delete from engine.notice n using unnest($1::text[], $2::text[]) as g(shop, id) where n.shop = g.shop and n.id = g.id

-- name: drop_of_tasks
-- Nobody needs to hear of these tasks any more.
delete from engine.notice n using unnest($1::text[], $2::text[]) as g(shop, task_id)
where n.shop = g.shop and n.task_id = g.task_id

-- name: drop_digest
-- The next digest of somebody.
delete from engine.notice where shop = $1 and id = 'digest/' || $2::text

-- name: without_digest
-- The names of those of the staff who are active and have no digest ahead.
select s.shop, s.name from engine.staff s
where s.active and not exists (select from engine.notice n where n.shop = s.shop and n.id = 'digest/' || s.name)
order by s.shop, s.name

-- name: next_due
-- When the next one is due.
select min(due_at) from engine.notice

-- name: open_tasks_of
-- These tasks, as far as they are open.
select t.shop, t.task_id, t.run_id, t.key, t.workflow, t.step, t.title, t.approval, t.skill, t.roles, t.needed, t.assignee,
       t.status, t.opened_at, t.deadline, t.reminded_at, t.escalated_at, t.closed_at, t.close_reason, t.votes, t.version,
       t.skill_level, t.urgent, t.reassign_at, t.considered
from engine.task t
join unnest($1::text[], $2::text[]) as g(shop, task_id) on t.shop = g.shop and t.task_id = g.task_id
where t.status = 'open'

-- name: open_tasks_of_shops
-- All open tasks of these shops that are somebody's and due before $2 or without a deadline, or nobody's.
select t.shop, t.task_id, t.run_id, t.key, t.workflow, t.step, t.title, t.approval, t.skill, t.roles, t.needed, t.assignee,
       t.status, t.opened_at, t.deadline, t.reminded_at, t.escalated_at, t.closed_at, t.close_reason, t.votes, t.version,
       t.skill_level, t.urgent, t.reassign_at, t.considered
from engine.task t
where t.shop = any($1::text[]) and t.status = 'open' and (t.deadline < $2 or t.deadline is null or t.assignee = '')
order by t.deadline nulls last, t.opened_at, t.task_id
