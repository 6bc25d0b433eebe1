"""The tables `engine.task` and `engine.staff`. Every function works inside the caller's transaction."""

from collections.abc import Iterable, Sequence

import msgspec
from asyncpg import Record

from relevo_engine.core.assignment import UnassignedTask, assign
from relevo_engine.core.tasks import Change, Member, Opened, Revised, Task, TaskChanges, TaskRef
from relevo_runtime.postgres import Connection, Statements

MOST = 1000
"""Most tasks that one list has."""
STATEMENTS = Statements.load("relevo_engine.adapters", "tasks.sql")

_encode = msgspec.json.Encoder().encode


async def save(conn: Connection, changes: TaskChanges) -> None:
    """Writes what a batch does to tasks, and gives new and escalated ones to somebody: a few statements in all."""
    assignees = await _assign(conn, changes)
    if changes.opened:
        rows = [_opened(ref, one, assignees.get(ref, "")) for ref, one in changes.opened.items()]
        await conn.execute(STATEMENTS["open_tasks"], *_columns(rows))
    if changes.changed:
        rows = [_changed(ref, one, assignees.get(ref)) for ref, one in changes.changed.items()]
        await conn.execute(STATEMENTS["change_tasks"], *_columns(rows))
    if changes.redacted:
        shops, keys = zip(*sorted(changes.redacted), strict=True)
        await conn.execute(STATEMENTS["redact_tasks"], shops, keys)


async def revise(conn: Connection, tasks: Sequence[Revised]) -> None:
    """Lets open tasks ask for what the new version of their runs asks for, and finds somebody for those of nobody."""
    if tasks:
        await _give(conn, await conn.fetch(STATEMENTS["revise_tasks"], *_columns(_revised(one) for one in tasks)))


async def give_unassigned(conn: Connection, shop: str, *, page: int = MOST) -> int:
    """Gives open tasks of a shop that are nobody's to those who fit by now, `page` at a time; how many that were."""
    given = 0
    while rows := await conn.fetch(STATEMENTS["unassigned"], shop, page):
        given += (now := await _give(conn, rows))
        if not now or len(rows) < page:
            break
    return given


async def _give(conn: Connection, rows: Sequence[Record]) -> int:
    """Gives tasks that are nobody's to those who fit; to how many somebody did."""
    wanted = [UnassignedTask((row["shop"], row["task_id"]), row["skill"], tuple(row["roles"])) for row in rows]
    chosen = {ref: name for ref, name in (await _choose(conn, wanted, [])).items() if name}
    if chosen:
        await conn.execute(STATEMENTS["give_tasks"], *_columns((*ref, name) for ref, name in chosen.items()))
    return len(chosen)


async def _assign(conn: Connection, changes: TaskChanges) -> dict[TaskRef, str]:
    # What closes in this batch no longer counts as load, and what is escalated is taken from whoever has it.
    moving = [ref for ref, change in changes.changed.items() if change.closed_at or change.escalation]
    return await _choose(conn, list(_unassigned(changes)), moving)


async def _choose(conn: Connection, wanted: Sequence[UnassignedTask], moving: Sequence[TaskRef]) -> dict[TaskRef, str]:
    """Who gets each task, by what the staff has to do apart from `moving`; an empty name: nobody fits."""
    if not wanted:
        return {}
    shops = sorted({task.ref[0] for task in wanted})
    staff = [msgspec.convert(dict(row), Member) for row in await conn.fetch(STATEMENTS["staff_of"], shops)]
    if not staff:
        return {task.ref: "" for task in wanted}
    rows = await conn.fetch(STATEMENTS["loads"], shops, [shop for shop, _ in moving], [id_ for _, id_ in moving])
    return assign(wanted, staff, {(row["shop"], row["assignee"]): row["open"] for row in rows})


def _unassigned(changes: TaskChanges) -> Iterable[UnassignedTask]:
    nothing = Change()
    for ref, opened in changes.opened.items():
        change = changes.changed.get(ref, nothing)
        if change.closed_at is None and change.escalation is None:
            yield UnassignedTask(ref, opened.asked.skill, opened.asked.roles)
    for ref, change in changes.changed.items():
        if change.closed_at is None and change.escalation is not None:
            yield UnassignedTask(ref, change.escalation.skill, change.escalation.roles)


def _opened(ref: TaskRef, one: Opened, assignee: str) -> tuple[object, ...]:
    asked = one.asked
    return (
        *(*ref, one.run_id, one.key, one.workflow, asked.step, asked.title, asked.approval, asked.skill),
        *(_encode(asked.roles), asked.needed, assignee, asked.deadline, one.at),
    )


def _changed(ref: TaskRef, one: Change, assignee: str | None) -> tuple[object, ...]:
    escalation = one.escalation
    skill = escalation.skill or None if escalation else None
    roles = escalation.roles if escalation else ()
    return (
        *(*ref, one.reminded_at, one.escalated_at, skill, _encode(roles), assignee, _encode(one.votes)),
        *(one.status, one.closed_at, one.close_reason),
    )


def _revised(one: Revised) -> tuple[object, ...]:
    escalated = one.escalated_skill, _encode(one.escalated_roles)
    return (*one.ref, one.deadline, one.needed, one.skill, _encode(one.roles), *escalated)


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def list_tasks(
    conn: Connection, *, shop: str = "", mine: str = "", only_open: bool = False, limit: int = MOST
) -> list[Task]:
    """Tasks, the open and most urgent first; `mine` is a name: what they have, and what they may still decide."""
    rows = await conn.fetch(STATEMENTS["list_tasks"], shop, mine, only_open, limit)
    return [msgspec.convert(dict(row), Task) for row in rows]


async def find_task(conn: Connection, task_id: str, *, shop: str = "") -> Task | None:
    """A task by its id; `None`: there is none."""
    rows = await conn.fetch(STATEMENTS["find_tasks"], shop, task_id)
    return msgspec.convert(dict(rows[0]), Task) if rows else None


async def member(conn: Connection, shop: str, name: str) -> Member | None:
    """Someone of the staff; `None`: nobody has that name."""
    row = await conn.fetchrow(STATEMENTS["member"], shop, name)
    return None if row is None else msgspec.convert(dict(row), Member)


async def staff(conn: Connection, shop: str = "") -> list[Member]:
    """The staff of a shop, or of all."""
    return [msgspec.convert(dict(row), Member) for row in await conn.fetch(STATEMENTS["staff"], shop)]


async def put_member(conn: Connection, one: Member) -> int:
    """Adds someone to the staff, or replaces what is known of them; how many tasks that were nobody's have somebody."""
    await conn.execute(
        STATEMENTS["put_member"], one.shop, one.name, one.email, list(one.skills), list(one.roles), one.active
    )
    return await give_unassigned(conn, one.shop)
