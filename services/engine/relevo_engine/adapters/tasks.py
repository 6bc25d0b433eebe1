"""The tables `engine.task` and `engine.staff`. Every function works inside the caller's transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from asyncpg import Record

from relevo_contracts.staff import Choice, Member, TaskRef, UnassignedTask, choose
from relevo_engine.adapters import notices
from relevo_engine.core.notices import Notice, of_changes
from relevo_engine.core.tasks import Change, Opened, Revised, Task, TaskChanges
from relevo_runtime.postgres import Connection, Statements

MOST = 1000
"""Most tasks that one list has."""
STATEMENTS = Statements.load("relevo_engine.adapters", "tasks.sql")

_NOBODY = Choice("")
_encode = msgspec.json.Encoder().encode


async def save(conn: Connection, changes: TaskChanges, now: datetime) -> None:
    """Writes what a batch does to tasks, gives new and escalated ones to somebody, and notes what the staff hears."""
    chosen = await _assign(conn, changes, now)
    # Before the tasks: whoever tells the staff takes the notices first, too.
    await notices.drop_of_tasks(conn, [ref for ref, one in changes.changed.items() if one.closed_at is not None])
    if changes.opened:
        rows = [_opened(ref, one, chosen.get(ref, _NOBODY)) for ref, one in changes.opened.items()]
        await conn.execute(STATEMENTS["open_tasks"], *_columns(rows))
    if changes.changed:
        rows = [_changed(ref, one, chosen.get(ref)) for ref, one in changes.changed.items()]
        await conn.execute(STATEMENTS["change_tasks"], *_columns(rows))
    await notices.put(conn, of_changes(changes, now))
    if changes.redacted:
        shops, keys = zip(*sorted(changes.redacted), strict=True)
        await conn.execute(STATEMENTS["redact_tasks"], shops, keys)


async def revise(conn: Connection, tasks: Sequence[Revised], now: datetime) -> None:
    """Lets open tasks ask for what the new version of their runs asks for, and finds somebody for those of nobody."""
    if tasks:
        await hold_staff(conn, {one.ref[0] for one in tasks})
        await _give(conn, await conn.fetch(STATEMENTS["revise_tasks"], *_columns(_revised(one) for one in tasks)), now)
        moved = [one for one in tasks if one.reassign_at is not None]
        await notices.put(conn, [Notice.reassigning(one.ref, one.reassign_at or now) for one in moved])


async def give_unassigned(conn: Connection, shop: str, now: datetime | None = None, *, page: int = MOST) -> int:
    """Gives open tasks of a shop that are nobody's to those who fit by now, `page` at a time; how many that were.

    So are tasks of somebody who is away until further notice. Without a time whoever fits is taken to be at work.
    """
    given = 0
    await hold_staff(conn, {shop})
    await conn.execute(STATEMENTS["release_tasks"], shop)
    while rows := await conn.fetch(STATEMENTS["unassigned"], shop, page):
        given += (given_now := await _give(conn, rows, now))
        if not given_now or len(rows) < page:
            break
    return given


async def shops_with_unassigned(conn: Connection) -> list[str]:
    """The shops that have open tasks of nobody, or of somebody who is away, and a staff."""
    return [row["shop"] for row in await conn.fetch(STATEMENTS["shops_with_unassigned"])]


async def reassign(conn: Connection, task: Task, now: datetime) -> str:
    """Gives an open task to whoever fits best apart from who has it; their name, empty if it stays where it is."""
    await hold_staff(conn, {task.shop})
    ref = (task.shop, task.task_id)
    wanted = UnassignedTask(ref, task.skill, tuple(task.roles), task.skill_level, task.assignee, task.deadline)
    choice = (await _choose(conn, [wanted], [ref], now))[ref]
    if choice.name:
        row = (*ref, task.assignee, choice.name, _encode(choice.considered))
        await conn.execute(STATEMENTS["reassign_task"], *row)
    return choice.name


async def _give(conn: Connection, rows: Sequence[Record], now: datetime | None) -> int:
    """Gives tasks that are nobody's to those who fit; to how many somebody did."""
    wanted = [
        UnassignedTask((row["shop"], row["task_id"]), row["skill"], tuple(row["roles"]), row["skill_level"])
        for row in rows
    ]
    chosen = {ref: one for ref, one in (await _choose(conn, wanted, [], now)).items() if one.name}
    if chosen:
        columns = _columns((*ref, one.name, _encode(one.considered)) for ref, one in chosen.items())
        await conn.execute(STATEMENTS["give_tasks"], *columns)
        if now is not None:
            await notices.put(conn, [Notice.assigned(ref, one.name, now) for ref, one in chosen.items()])
    return len(chosen)


async def _assign(conn: Connection, changes: TaskChanges, now: datetime) -> dict[TaskRef, Choice]:
    # What closes in this batch no longer counts as load, and what is escalated is taken from whoever has it.
    moving = [ref for ref, change in changes.changed.items() if change.closed_at or change.escalation]
    return await _choose(conn, list(_unassigned(changes)), moving, now)


async def hold_staff(conn: Connection, shops: Collection[str]) -> None:
    """One at a time gives away tasks of these shops: whoever waits here sees what was given away before."""
    await conn.execute(STATEMENTS["lock_staff"], sorted(shops))


async def _choose(
    conn: Connection, wanted: Sequence[UnassignedTask], moving: Sequence[TaskRef], now: datetime | None
) -> dict[TaskRef, Choice]:
    """Who gets each task, by what the staff has to do apart from `moving`."""
    if not wanted:
        return {}
    shops = sorted({task.ref[0] for task in wanted})
    await hold_staff(conn, shops)
    staff = await staff_of(conn, shops)
    if not staff:
        return {task.ref: _NOBODY for task in wanted}
    rows = await conn.fetch(STATEMENTS["loads"], shops, [shop for shop, _ in moving], [id_ for _, id_ in moving])
    return choose(wanted, staff, {(row["shop"], row["assignee"]): row["open"] for row in rows}, now)


async def staff_of(conn: Connection, shops: Sequence[str]) -> list[Member]:
    """The staff of these shops, each with a time zone."""
    return [_member(row) for row in await conn.fetch(STATEMENTS["staff_of"], shops)]


def _unassigned(changes: TaskChanges) -> Iterable[UnassignedTask]:
    nothing = Change()
    for ref, opened in changes.opened.items():
        change = changes.changed.get(ref, nothing)
        if change.closed_at is None and change.escalation is None:
            yield UnassignedTask(ref, opened.asked.skill, opened.asked.roles, opened.asked.level)
    for ref, change in changes.changed.items():
        if change.closed_at is None and change.escalation is not None:
            to = change.escalation
            yield UnassignedTask(ref, to.skill, to.roles, to.level)


def _opened(ref: TaskRef, one: Opened, choice: Choice) -> tuple[object, ...]:
    asked = one.asked
    return (
        *(*ref, one.run_id, one.key, one.workflow, asked.step, asked.title, asked.approval, asked.skill),
        *(_encode(asked.roles), asked.needed, choice.name, asked.deadline, one.at),
        *(one.version, asked.level, asked.urgent, asked.reassign_at, _encode(choice.considered)),
    )


def _changed(ref: TaskRef, one: Change, choice: Choice | None) -> tuple[object, ...]:
    escalation = one.escalation
    skill = escalation.skill or None if escalation else None
    level = escalation.level if escalation and skill else None
    roles = escalation.roles if escalation else ()
    assignee = choice.name if choice is not None else None
    return (
        *(*ref, one.reminded_at, one.escalated_at, skill, _encode(roles), assignee, _encode(one.votes)),
        *(one.status, one.closed_at, one.close_reason),
        *(level, _encode(choice.considered) if choice is not None else None),
    )


def _revised(one: Revised) -> tuple[object, ...]:
    escalated = one.escalated_skill, _encode(one.escalated_roles)
    added = one.level, one.escalated_level, one.reassign_at
    return (*one.ref, one.deadline, one.needed, one.skill, _encode(one.roles), *escalated, *added)


def _member(row: Record) -> Member:
    return msgspec.convert(dict(row), Member)


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def list_tasks(
    conn: Connection, *, shop: str = "", mine: str = "", only_open: bool = False, limit: int = MOST
) -> list[Task]:
    """Tasks, the open and most urgent first; `mine` is a name: what they have, and what they may still decide."""
    rows = await conn.fetch(STATEMENTS["list_tasks"], shop, mine, only_open, limit)
    return [msgspec.convert(dict(row), Task) for row in rows]


async def page_tasks(
    conn: Connection, *, shop: str = "", mine: str = "", only_open: bool = False, after: TaskRef, limit: int
) -> list[Task]:
    """The same tasks by their shops and ids, those after one of them: what is done to a task moves none of them."""
    rows = await conn.fetch(STATEMENTS["page_tasks"], shop, mine, only_open, *after, limit)
    return [msgspec.convert(dict(row), Task) for row in rows]


async def find_task(conn: Connection, task_id: str, *, shop: str = "") -> Task | None:
    """A task by its id; `None`: there is none."""
    rows = await conn.fetch(STATEMENTS["find_tasks"], shop, task_id)
    return msgspec.convert(dict(rows[0]), Task) if rows else None


async def member(conn: Connection, shop: str, name: str) -> Member | None:
    """Someone of the staff; `None`: nobody has that name."""
    row = await conn.fetchrow(STATEMENTS["member"], shop, name)
    return None if row is None else _member(row)


async def is_on_staff(conn: Connection, name: str, *, shop: str = "") -> bool:
    """Whether somebody on the staff of a shop, or of any, has this name."""
    found: bool = await conn.fetchval(STATEMENTS["is_on_staff"], shop, name)
    return found


async def staff(conn: Connection, shop: str = "") -> list[Member]:
    """The staff of a shop, or of all."""
    return [_member(row) for row in await conn.fetch(STATEMENTS["staff"], shop)]


async def put_member(conn: Connection, one: Member, now: datetime | None = None) -> int:
    """Adds someone to the staff, or replaces what is known of them; how many tasks that were nobody's have somebody.

    Their next digest follows their hours anew.
    """
    await conn.execute(
        STATEMENTS["put_member"],
        *(one.shop, one.name, one.email, list(one.skills), list(one.roles), one.active, one.phone, one.locale),
        *(one.timezone, list(one.channels), one.slack, one.teams, _encode(one.levels), list(one.hours)),
        *(_encode(one.absences), one.capacity),
    )
    await notices.drop_digest(conn, one.shop, one.name)
    return await give_unassigned(conn, one.shop, now)
