-- The tasks of the staff. What the engine's transaction runs is for a whole batch.

-- name: staff_of
-- The staff of these shops; in the shop's time zone who has none of their own.
select s.shop, s.name, s.email, s.skills, s.roles, s.active, s.phone, s.locale,
       coalesce(nullif(s.timezone, ''), c.timezone, '') as timezone, s.channels, s.slack, s.teams, s.levels, s.hours,
       s.absences, s.capacity
from engine.staff s
left join catalog.shop c using (shop)
where s.shop = any($1::text[])
order by s.shop, s.name

-- name: lock_staff
-- One at a time gives away tasks of these shops, until its transaction ends: nobody counts what another is giving away.
select pg_advisory_xact_lock(1820, hashtext(o.shop))
from (select distinct shop from unnest($1::text[]) as g(shop) order by shop) as o

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
select t.shop, t.task_id, t.skill, t.roles, t.skill_level from engine.task t
where t.shop = $1 and t.status = 'open' and t.assignee = '' and exists (
    select from engine.staff s
    where s.shop = $1 and s.active and (t.skill = '' or t.skill = any(s.skills)) and (t.roles = '{}' or t.roles && s.roles)
      and coalesce((s.levels ->> t.skill)::int, 1) >= t.skill_level
      and (s.capacity = 0 or s.capacity > (
          select count(*) from engine.task o where o.shop = $1 and o.status = 'open' and o.assignee = s.name)))
order by t.deadline nulls last, t.opened_at, t.task_id
limit $2
for update of t skip locked

-- name: release_tasks
-- Makes those open tasks of shop $1 nobody's that are of somebody who is away until further notice, or gone. What an
-- engine writes just then is left to the next time.
update engine.task t
set assignee = ''
where (t.shop, t.task_id) in (
    select o.shop, o.task_id from engine.task o
    where o.shop = $1 and o.status = 'open' and o.assignee <> '' and not exists (
        select from engine.staff s where s.shop = o.shop and s.name = o.assignee and s.active)
    for update of o skip locked)

-- name: give_tasks
-- Gives tasks that are nobody's to somebody.
update engine.task t
set assignee = g.assignee, considered = g.considered
from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[]) as g(shop, task_id, assignee, considered)
where t.shop = g.shop and t.task_id = g.task_id and t.status = 'open' and t.assignee = ''

-- name: shops_with_unassigned
-- The shops that have open tasks of nobody, or of somebody who is away, and a staff.
select distinct t.shop from engine.task t
where t.status = 'open'
  and not exists (select from engine.staff s where s.shop = t.shop and s.name = t.assignee and s.active)
  and exists (select from engine.staff s where s.shop = t.shop and s.active)
order by t.shop

-- name: reassign_task
-- Gives an open task of $3 to $4.
update engine.task set assignee = $4, considered = $5
where shop = $1 and task_id = $2 and status = 'open' and assignee = $3

-- name: open_tasks
-- Opens tasks, each with its assignee.
insert into engine.task (shop, task_id, run_id, key, workflow, step, title, approval, skill, roles, needed, assignee,
                         deadline, opened_at, version, skill_level, urgent, reassign_at, considered)
select shop, task_id, run_id, key, workflow, step, title, approval, skill,
       array(select jsonb_array_elements_text(roles)), needed, assignee, deadline, opened_at, version, skill_level, urgent,
       reassign_at, considered
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
            $9::text[], $10::jsonb[], $11::int[], $12::text[], $13::timestamptz[], $14::timestamptz[],
            $15::text[], $16::int[], $17::boolean[], $18::timestamptz[], $19::jsonb[])
    as o(shop, task_id, run_id, key, workflow, step, title, approval, skill, roles, needed, assignee, deadline, opened_at,
         version, skill_level, urgent, reassign_at, considered)
on conflict (shop, task_id) do nothing

-- name: change_tasks
-- What became of tasks; null (and an empty list) leaves a column as it is. A closed task stays closed.
update engine.task t
set reminded_at = coalesce(c.reminded_at, t.reminded_at),
    escalated_at = coalesce(c.escalated_at, t.escalated_at),
    skill = coalesce(c.skill, t.skill),
    skill_level = coalesce(c.skill_level, t.skill_level),
    considered = coalesce(c.considered, t.considered),
    roles = t.roles || array(select r from jsonb_array_elements_text(c.roles) as r where r <> all (t.roles)),
    assignee = coalesce(c.assignee, t.assignee),
    votes = t.votes || c.votes,
    status = c.status,
    closed_at = c.closed_at,
    close_reason = c.close_reason
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::jsonb[], $7::text[],
            $8::jsonb[], $9::text[], $10::timestamptz[], $11::text[], $12::int[], $13::jsonb[])
    as c(shop, task_id, reminded_at, escalated_at, skill, roles, assignee, votes, status, closed_at, close_reason,
         skill_level, considered)
where t.shop = c.shop and t.task_id = c.task_id and t.status = 'open'

-- name: revise_tasks
-- Open tasks ask for what the new version of their run asks for; an escalated one for what it escalates to. The wording
-- stays, and so does the assignee, unless they have none of the roles any more or are gone: then it is nobody's. Returns
-- those that are nobody's, the most urgent first.
with revised as (
    select t.shop, t.task_id, r.deadline, r.needed, r.reassign_at,
           case when t.escalated_at is null then r.level else r.escalated_level end as level,
           coalesce(case when t.escalated_at is null then r.skill else r.escalated_skill end, t.skill) as skill,
           array(select jsonb_array_elements_text(
               case when t.escalated_at is null then r.roles else r.escalated_roles end)) as roles
    from unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::text[], $6::jsonb[], $7::text[], $8::jsonb[],
                $9::int[], $10::int[], $11::timestamptz[])
        as r(shop, task_id, deadline, needed, skill, roles, escalated_skill, escalated_roles, level, escalated_level,
             reassign_at)
    join engine.task t on t.shop = r.shop and t.task_id = r.task_id
    where t.status = 'open'
), written as (
    update engine.task t
    set deadline = r.deadline,
        needed = r.needed,
        skill = r.skill,
        skill_level = r.level,
        roles = r.roles,
        reassign_at = r.reassign_at,
        assignee = case when r.roles = '{}' or exists (
            select from engine.staff s
            where s.shop = t.shop and s.name = t.assignee and s.roles && r.roles and s.active)
            then t.assignee else '' end
    from revised r
    where t.shop = r.shop and t.task_id = r.task_id and t.status = 'open'
    returning t.shop, t.task_id, t.skill, t.roles, t.skill_level, t.assignee, t.deadline, t.opened_at
)
select shop, task_id, skill, roles, skill_level from written
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
select t.shop, t.task_id, t.run_id, t.key, t.workflow, t.step, t.title, t.approval, t.skill, t.roles, t.needed, t.assignee,
       t.status, t.opened_at, t.deadline, t.reminded_at, t.escalated_at, t.closed_at, t.close_reason, t.votes, t.version,
       t.skill_level, t.urgent, t.reassign_at, t.considered
from engine.task t
where ($1 = '' or t.shop = $1)
  and (not $3 or t.status = 'open')
  and ($2 = '' or t.assignee = $2 or exists (
      select from engine.staff s
      where s.shop = t.shop and s.name = $2 and s.active and t.approval and t.status = 'open'
        and s.roles && t.roles and not t.votes @> jsonb_build_array(jsonb_build_object('by', $2))))
order by t.status = 'open' desc, t.deadline nulls last, t.opened_at, t.task_id
limit $4

-- name: page_tasks
-- Those of `list_tasks` by their ids, which never change: after $4 (a shop) and $5 (an id).
select t.shop, t.task_id, t.run_id, t.key, t.workflow, t.step, t.title, t.approval, t.skill, t.roles, t.needed, t.assignee,
       t.status, t.opened_at, t.deadline, t.reminded_at, t.escalated_at, t.closed_at, t.close_reason, t.votes, t.version,
       t.skill_level, t.urgent, t.reassign_at, t.considered
from engine.task t
where ($1 = '' or t.shop = $1)
  and (not $3 or t.status = 'open')
  and ($2 = '' or t.assignee = $2 or exists (
      select from engine.staff s
      where s.shop = t.shop and s.name = $2 and s.active and t.approval and t.status = 'open'
        and s.roles && t.roles and not t.votes @> jsonb_build_array(jsonb_build_object('by', $2))))
  and (t.shop, t.task_id) > ($4, $5)
order by t.shop, t.task_id
limit $6

-- name: find_tasks
-- The task with this id, in shop $1 or in any (empty).
select t.shop, t.task_id, t.run_id, t.key, t.workflow, t.step, t.title, t.approval, t.skill, t.roles, t.needed, t.assignee,
       t.status, t.opened_at, t.deadline, t.reminded_at, t.escalated_at, t.closed_at, t.close_reason, t.votes, t.version,
       t.skill_level, t.urgent, t.reassign_at, t.considered
from engine.task t where t.task_id = $2 and ($1 = '' or t.shop = $1) order by t.shop

-- name: member
-- One of the staff.
select s.shop, s.name, s.email, s.skills, s.roles, s.active, s.phone, s.locale, s.timezone, s.channels, s.slack, s.teams,
       s.levels, s.hours, s.absences, s.capacity
from engine.staff s where s.shop = $1 and s.name = $2

-- name: is_on_staff
-- Whether somebody has the name $2 on the staff of shop $1, or of any (empty).
select exists (select from engine.staff s where ($1 = '' or s.shop = $1) and s.name = $2)

-- name: staff
-- The staff of shop $1, or of all (empty).
select s.shop, s.name, s.email, s.skills, s.roles, s.active, s.phone, s.locale, s.timezone, s.channels, s.slack, s.teams,
       s.levels, s.hours, s.absences, s.capacity
from engine.staff s where $1 = '' or s.shop = $1 order by s.shop, s.name

-- name: put_member
-- Adds someone to the staff, or replaces what is known of them.
insert into engine.staff (shop, name, email, skills, roles, active, phone, locale, timezone, channels, slack, teams,
                          levels, hours, absences, capacity)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict (shop, name) do update set
    email = excluded.email, skills = excluded.skills, roles = excluded.roles, active = excluded.active,
    phone = excluded.phone, locale = excluded.locale, timezone = excluded.timezone, channels = excluded.channels,
    slack = excluded.slack, teams = excluded.teams, levels = excluded.levels, hours = excluded.hours,
    absences = excluded.absences, capacity = excluded.capacity
