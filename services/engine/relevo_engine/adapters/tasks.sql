-- The tasks of the staff. What the engine's transaction runs is for a whole batch.

-- name: staff_of
-- The active staff of these shops.
select shop, name, email, skills, roles, active from engine.staff
where shop = any($1::text[]) and active
order by shop, name

-- name: loads
-- How many open tasks each of the staff has, apart from those given, which are about to change.
select t.shop, t.assignee, count(*)::int as open
from engine.task t
where t.shop = any($1::text[]) and t.status = 'open' and t.assignee <> ''
  and not exists (select from unnest($2::text[], $3::text[]) as g(shop, task_id)
                  where g.shop = t.shop and g.task_id = t.task_id)
group by t.shop, t.assignee

-- name: unassigned
-- Open tasks of shop $1 that are nobody's and that somebody fits by now, $2 at most, the most urgent first. What an
-- engine writes just then is left out: whoever gives tasks away never waits for it.
select t.shop, t.task_id, t.skill, t.roles from engine.task t
where t.shop = $1 and t.status = 'open' and t.assignee = '' and exists (
    select from engine.staff s
    where s.shop = $1 and s.active and (t.skill = '' or t.skill = any(s.skills)) and (t.roles = '{}' or t.roles && s.roles))
order by t.deadline nulls last, t.opened_at, t.task_id
limit $2
for update of t skip locked

-- name: give_tasks
-- Gives tasks that are nobody's to somebody.
update engine.task t
set assignee = g.assignee
from unnest($1::text[], $2::text[], $3::text[]) as g(shop, task_id, assignee)
where t.shop = g.shop and t.task_id = g.task_id and t.status = 'open' and t.assignee = ''

-- name: open_tasks
-- Opens tasks, each with its assignee.
insert into engine.task (shop, task_id, run_id, key, workflow, step, title, approval, skill, roles, needed, assignee,
                         deadline, opened_at)
select shop, task_id, run_id, key, workflow, step, title, approval, skill,
       array(select jsonb_array_elements_text(roles)), needed, assignee, deadline, opened_at
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
            $9::text[], $10::jsonb[], $11::int[], $12::text[], $13::timestamptz[], $14::timestamptz[])
    as o(shop, task_id, run_id, key, workflow, step, title, approval, skill, roles, needed, assignee, deadline, opened_at)
on conflict (shop, task_id) do nothing

-- name: change_tasks
-- What became of tasks; null (and an empty list) leaves a column as it is. A closed task stays closed.
update engine.task t
set reminded_at = coalesce(c.reminded_at, t.reminded_at),
    escalated_at = coalesce(c.escalated_at, t.escalated_at),
    skill = coalesce(c.skill, t.skill),
    roles = t.roles || array(select r from jsonb_array_elements_text(c.roles) as r where r <> all (t.roles)),
    assignee = coalesce(c.assignee, t.assignee),
    votes = t.votes || c.votes,
    status = c.status,
    closed_at = c.closed_at,
    close_reason = c.close_reason
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::jsonb[], $7::text[],
            $8::jsonb[], $9::text[], $10::timestamptz[], $11::text[])
    as c(shop, task_id, reminded_at, escalated_at, skill, roles, assignee, votes, status, closed_at, close_reason)
where t.shop = c.shop and t.task_id = c.task_id and t.status = 'open'

-- name: revise_tasks
-- Open tasks ask for what the new version of their run asks for; an escalated one for what it escalates to. The wording
-- stays, and so does the assignee, unless they have none of the roles any more or are gone: then it is nobody's. Returns
-- those that are nobody's, the most urgent first.
with revised as (
    select t.shop, t.task_id, r.deadline, r.needed,
           case when t.escalated_at is null then r.skill else r.escalated_skill end as skill,
           array(select jsonb_array_elements_text(
               case when t.escalated_at is null then r.roles else r.escalated_roles end)) as roles
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::text[], $6::jsonb[], $7::text[], $8::jsonb[])
        as r(shop, task_id, deadline, needed, skill, roles, escalated_skill, escalated_roles)
    join engine.task t on t.shop = r.shop and t.task_id = r.task_id
    where t.status = 'open'
), written as (
    update engine.task t
    set deadline = r.deadline,
        needed = r.needed,
        skill = r.skill,
        roles = r.roles,
        assignee = case when r.roles = '{}' or exists (
            select from engine.staff s
            where s.shop = t.shop and s.name = t.assignee and s.roles && r.roles and s.active)
            then t.assignee else '' end
    from revised r
    where t.shop = r.shop and t.task_id = r.task_id and t.status = 'open'
    returning t.shop, t.task_id, t.skill, t.roles, t.assignee, t.deadline, t.opened_at
)
select shop, task_id, skill, roles from written
where assignee = ''
order by deadline nulls last, opened_at, task_id

-- name: redact_tasks
-- Takes what may be personal out of the tasks of these customers.
update engine.task t
set title = '', votes = (select coalesce(jsonb_agg(v - 'note' - 'data'), '[]') from jsonb_array_elements(t.votes) as v)
from unnest($1::text[], $2::text[]) as r(shop, key)
where t.shop = r.shop and t.key = r.key

-- name: list_tasks
-- Tasks, the most urgent first: of shop $1 or all (empty), open ones only ($3), and for $2 (a name, or empty) those
-- assigned to them and the decisions that they may still take part in.
select t.*
from engine.task t
where ($1 = '' or t.shop = $1)
  and (not $3 or t.status = 'open')
  and ($2 = '' or t.assignee = $2 or exists (
      select from engine.staff s
      where s.shop = t.shop and s.name = $2 and s.active and t.approval and t.status = 'open'
        and s.roles && t.roles and not t.votes @> jsonb_build_array(jsonb_build_object('by', $2))))
order by t.status = 'open' desc, t.deadline nulls last, t.opened_at, t.task_id
limit $4

-- name: find_tasks
-- The task with this id, in shop $1 or in any (empty).
select t.* from engine.task t where t.task_id = $2 and ($1 = '' or t.shop = $1) order by t.shop

-- name: member
-- One of the staff.
select shop, name, email, skills, roles, active from engine.staff where shop = $1 and name = $2

-- name: staff
-- The staff of shop $1, or of all (empty).
select shop, name, email, skills, roles, active from engine.staff where $1 = '' or shop = $1 order by shop, name

-- name: put_member
-- Adds someone to the staff, or replaces what is known of them.
insert into engine.staff (shop, name, email, skills, roles, active) values ($1, $2, $3, $4, $5, $6)
on conflict (shop, name) do update set
    email = excluded.email, skills = excluded.skills, roles = excluded.roles, active = excluded.active
