"""`relevo tasks`: what workflows ask of the staff, and their answers; and who the staff is."""

import asyncio
from collections.abc import Iterator
from datetime import tzinfo
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.console import err, local_minute, out, print_json
from relevo_cli.errors import CommandError, unknown_shop
from relevo_contracts.zones import zone_of
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered, TaskError, UnknownTaskError, answer_task
from relevo_engine.core.tasks import Answer, Member, Task
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_runtime.kafka import Publisher
from relevo_runtime.sealing import Seals

Id = Annotated[str, typer.Argument(help="The id that `relevo tasks list` prints.")]
By = Annotated[str, typer.Option(help="Who answers: a name of the shop's staff.")]
Note = Annotated[str, typer.Option(help="A note, which the workflow can read.")]
Data = Annotated[list[str] | None, typer.Option(help="NAME=VALUE for the workflow; may be repeated.")]
InShop = Annotated[str, typer.Option("--shop", help="This shop only; default: all.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What workflows ask of the staff: list it, answer it.", no_args_is_help=True)
    group.command("list")(list_tasks)
    group.command("show")(show)
    group.command("complete")(complete)
    group.command("approve")(approve)
    group.command("reject")(reject)
    staff = typer.Typer(help="Who can be asked, for what, and what they may decide.", no_args_is_help=True)
    staff.command("add")(add)
    staff.command("list")(list_staff)
    group.add_typer(staff, name="staff")
    app.add_typer(group, name="tasks")


def list_tasks(
    shop: InShop = "",
    mine: Annotated[str, typer.Option(help="What this person has, and the decisions they may take part in.")] = "",
    only_open: Annotated[bool, typer.Option("--open", help="Leave out what is done or closed.")] = False,
    as_json: Json = False,
) -> None:
    """List tasks, the open and most urgent first."""
    found, zones = asyncio.run(_list(shop, mine, only_open))
    if as_json:
        print_json(found)
        return
    for task in found:
        for line in lines(task, zones.get(task.shop, "UTC")):
            out().print(line, markup=False, soft_wrap=True)  # an id stays whole, to be copied
    if not found:
        out().print("no tasks")
    if len(found) == tasks.MOST:
        err().print(f"these are the first {tasks.MOST}; --shop, --mine and --open show fewer", markup=False)


def lines(task: Task, timezone: str) -> Iterator[str]:
    """One task for the terminal; its times are the shop's."""
    zone = zone_of(timezone)
    until = f"until {local_minute(task.deadline, zone)}" if task.deadline is not None else ""
    parts = (task.status, task.shop, needs(task), f"assigned to {task.assignee or 'nobody'}", until)
    yield task.title
    yield f"  {task.task_id}"
    yield f"  {' · '.join(part for part in parts if part)}"
    yield from (f"  {note}" for note in notes(task, zone))


def show(task_id: Id, shop: InShop = "") -> None:
    """Print one task with its answers, as JSON."""
    print_json(asyncio.run(_find(shop, task_id)))


def complete(task_id: Id, *, by: By, note: Note = "", data: Data = None, shop: InShop = "") -> None:
    """The task is done."""
    _answer(task_id, "completed", by=by, note=note, data=data, shop=shop)


def approve(task_id: Id, *, by: By, note: Note = "", data: Data = None, shop: InShop = "") -> None:
    """Approve what is asked."""
    _answer(task_id, "approved", by=by, note=note, data=data, shop=shop)


def reject(task_id: Id, *, by: By, note: Note = "", data: Data = None, shop: InShop = "") -> None:
    """Reject what is asked."""
    _answer(task_id, "rejected", by=by, note=note, data=data, shop=shop)


def add(
    shop: Annotated[str, typer.Argument(help="The shop.")],
    name: Annotated[str, typer.Argument(help="The name under which they get and answer tasks.")],
    *,
    email: Annotated[str, typer.Option(help="Their e-mail address.")] = "",
    skill: Annotated[list[str] | None, typer.Option(help="What they can be asked for; may be repeated.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="What they may decide; may be repeated.")] = None,
    active: Annotated[bool, typer.Option("--active/--away", help="Whether they get tasks and may answer.")] = True,
) -> None:
    """Add someone to the staff, or replace what is known of them."""
    if not name.strip():
        raise CommandError("the name is empty")
    member = Member(shop=shop, name=name, email=email, skills=skill or [], roles=role or [], active=active)
    given = asyncio.run(_put(member))
    state = "gets tasks" if active else "is away and gets no tasks"
    count = "1 open task that was nobody's has" if given == 1 else f"{given} open tasks that were nobody's have"
    out().print(f"{name} of {shop} {state}{f'; {count} somebody now' if given else ''}", markup=False)


def list_staff(shop: InShop = "", as_json: Json = False) -> None:
    """List the staff."""
    found = asyncio.run(_staff(shop))
    if as_json:
        print_json(found)
        return
    if not found:
        out().print("nobody is on the staff yet; add someone with `relevo tasks staff add SHOP NAME --role R`")
        return
    table = Table("shop", "name", "e-mail", "skills", "roles", "")
    for one in found:
        away = "" if one.active else "away"
        row = (one.shop, one.name, one.email, ", ".join(one.skills), ", ".join(one.roles), away)
        table.add_row(*map(escape, row))
    out().print(table)


def _answer(task_id: str, done: Answer, *, by: str, note: str, data: list[str] | None, shop: str) -> None:
    pairs = [pair.partition("=") for pair in data or []]
    if any(not name or not sign for name, sign, _ in pairs):
        raise CommandError("--data needs NAME=VALUE")
    values = {name: value for name, _, value in pairs}
    asyncio.run(_publish(Answered(task_id=task_id, done=done, by=by, shop=shop, note=note, data=values)))
    out().print(f"{by} {done} {task_id}; the workflow goes on as soon as the engine has it", markup=False)


async def _publish(answered: Answered) -> None:
    settings = addresses.settings()
    async with (
        database.connection(settings) as keys,
        Publisher(settings, seals=Seals(keys, settings)) as publisher,
        database.transaction(settings) as connection,
    ):
        try:
            await answer_task(connection, tasks, publisher, answered, make_clock(settings))
        except TaskError as error:
            raise CommandError(str(error)) from error


async def _list(shop: str, mine: str, only_open: bool) -> tuple[list[Task], dict[str, str]]:
    async with database.transaction(addresses.settings()) as connection:
        zones = {one.shop: one.timezone for one in await catalog.shops(connection)}
        if shop and shop not in zones:
            raise CommandError(unknown_shop(shop))
        if mine and not any(one.name == mine for one in await tasks.staff(connection, shop)):
            where = f"of {shop}" if shop else "of any shop"
            raise CommandError(f"{mine!r} is not on the staff {where}; `relevo tasks staff list` prints who is")
        return await tasks.list_tasks(connection, shop=shop, mine=mine, only_open=only_open), zones


async def _find(shop: str, task_id: str) -> Task:
    async with database.transaction(addresses.settings()) as connection:
        task = await tasks.find_task(connection, task_id, shop=shop)
    if task is None:
        raise CommandError(str(UnknownTaskError(task_id)))
    return task


async def _put(member: Member) -> int:
    async with database.transaction(addresses.settings()) as connection:
        if await catalog.shop(connection, member.shop) is None:
            raise CommandError(unknown_shop(member.shop))
        return await tasks.put_member(connection, member)


async def _staff(shop: str) -> list[Member]:
    async with database.transaction(addresses.settings()) as connection:
        if shop and await catalog.shop(connection, shop) is None:
            raise CommandError(unknown_shop(shop))
        return await tasks.staff(connection, shop)


def needs(task: Task) -> str:
    """Who may do it, as words."""
    wanted = [task.skill, " or ".join(task.roles)]
    text = ", ".join(part for part in wanted if part)
    if task.approval:
        return f"for {task.needed} of {text}"
    return f"for {text}" if text else ""


def notes(task: Task, zone: tzinfo) -> list[str]:
    """What has happened to it."""
    found = [f"{one.by} {one.done}{f': {one.note}' if one.note else ''}" for one in task.votes]
    if task.reminded_at is not None:
        found.append(f"reminded {local_minute(task.reminded_at, zone)}")
    if task.escalated_at is not None:
        found.append(f"escalated {local_minute(task.escalated_at, zone)}")
    return [*found, task.close_reason] if task.close_reason else found
