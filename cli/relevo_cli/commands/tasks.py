"""`relevo tasks`: what workflows ask of the staff, and their answers; and who the staff is."""

import asyncio
from collections.abc import Iterator
from datetime import tzinfo
from typing import Annotated, Any, get_args

import typer
from msgspec import structs
from rich.markup import escape
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.console import err, local_minute, out, print_json
from relevo_cli.errors import CommandError
from relevo_cli.operations import operations
from relevo_cli.staff_options import member_fields, staff_row
from relevo_contracts.staff import Member, StaffChannel
from relevo_contracts.zones import zone_of
from relevo_control.app.shops import known_shop
from relevo_control.app.tasks import Filter
from relevo_engine.adapters import tasks
from relevo_engine.app.answer_task import Answered
from relevo_engine.core.tasks import Answer, Task
from relevo_runtime.clock import make_clock

Id = Annotated[str, typer.Argument(help="The id that `relevo tasks list` prints.")]
By = Annotated[str, typer.Option(help="Who answers: a name of the shop's staff. With --server it is who is logged in.")]
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
    staff.command("change")(change)
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
    found = asyncio.run(operations().tasks(Filter(shop=shop, mine=mine, only_open=only_open)))
    if as_json:
        print_json([one.task for one in found])
        return
    for one in found:
        for line in lines(one.task, one.timezone):
            out().print(line, markup=False, soft_wrap=True)  # an id stays whole, to be copied
    if not found:
        out().print("no tasks")


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
    print_json(asyncio.run(operations().task(task_id, shop)))


def complete(task_id: Id, *, by: By = "", note: Note = "", data: Data = None, shop: InShop = "") -> None:
    """The task is done."""
    _answer(task_id, "completed", by=by, note=note, data=data, shop=shop)


def approve(task_id: Id, *, by: By = "", note: Note = "", data: Data = None, shop: InShop = "") -> None:
    """Approve what is asked."""
    _answer(task_id, "approved", by=by, note=note, data=data, shop=shop)


def reject(task_id: Id, *, by: By = "", note: Note = "", data: Data = None, shop: InShop = "") -> None:
    """Reject what is asked."""
    _answer(task_id, "rejected", by=by, note=note, data=data, shop=shop)


ShopName = Annotated[str, typer.Argument(help="The shop.")]
Name = Annotated[str, typer.Argument(help="The name under which they get and answer tasks.")]
Email = Annotated[str | None, typer.Option(help="Their e-mail address.")]
Phone = Annotated[str | None, typer.Option(help="Their phone number, with its country code.")]
Skill = Annotated[
    list[str] | None, typer.Option(help="What they can be asked for, with its level if not 1: warehouse:3; repeatable.")
]
Role = Annotated[list[str] | None, typer.Option(help="What they may decide; may be repeated.")]
Active = Annotated[bool | None, typer.Option("--active/--away", help="Whether they get tasks and may answer.")]
Via = Annotated[
    list[str] | None,
    typer.Option("--channel", help=f"By what they hear of tasks: {', '.join(get_args(StaffChannel))}; repeatable."),
]
Slack = Annotated[
    str | None, typer.Option(help="NAME of RELEVO_CALL_SECRET_NAME, which holds the address of their Slack webhook.")
]
Teams = Annotated[str | None, typer.Option(help="The same for Teams: a webhook of Workflows.")]
Locale = Annotated[str | None, typer.Option(help="Their language: en, es, it. Default: the shop's.")]
Zone = Annotated[str | None, typer.Option("--timezone", help="Theirs, as Europe/Madrid. Default: the shop's.")]
Hours = Annotated[
    list[str] | None, typer.Option(help="When they work: 'mon-fri 09:00-17:00'; repeatable. Default: always.")
]
Absent = Annotated[list[str] | None, typer.Option(help="Days away: 2026-07-01..2026-07-14; repeatable.")]
Capacity = Annotated[int | None, typer.Option(min=0, max=10_000, help="The most open tasks they get; 0: any number.")]


def add(
    shop: ShopName,
    name: Name,
    *,
    email: Email = "",
    phone: Phone = "",
    skill: Skill = None,
    role: Role = None,
    active: Active = True,
    channel: Via = None,
    slack: Slack = "",
    teams: Teams = "",
    locale: Locale = "",
    timezone: Zone = "",
    hours: Hours = None,
    absent: Absent = None,
    capacity: Capacity = 0,
) -> None:
    """Add someone to the staff, or replace what is known of them."""
    if not name.strip():
        raise CommandError("the name is empty")
    given = member_fields(
        email=email, phone=phone, skill=skill or [], role=role or [], active=active, channel=channel or [],
        slack=slack, teams=teams, locale=locale, timezone=timezone, hours=hours or [], absent=absent or [],
        capacity=capacity,
    )  # fmt: skip
    _report(*asyncio.run(_put(shop, name, given, new=True)))


def change(
    shop: ShopName,
    name: Name,
    *,
    email: Email = None,
    phone: Phone = None,
    skill: Skill = None,
    role: Role = None,
    active: Active = None,
    channel: Via = None,
    slack: Slack = None,
    teams: Teams = None,
    locale: Locale = None,
    timezone: Zone = None,
    hours: Hours = None,
    absent: Absent = None,
    capacity: Capacity = None,
) -> None:
    """Change what is given of someone on the staff, and nothing else. A list is replaced as a whole; '' empties it."""
    given = member_fields(
        email=email, phone=phone, skill=skill, role=role, active=active, channel=channel, slack=slack, teams=teams,
        locale=locale, timezone=timezone, hours=hours, absent=absent, capacity=capacity,
    )  # fmt: skip
    if not given:
        raise CommandError("nothing is to be changed; `relevo tasks staff change --help` lists what can be")
    _report(*asyncio.run(_put(shop, name, given, new=False)))


def _report(member: Member, given: int) -> None:
    state = "gets tasks" if member.active else "is away and gets no tasks"
    count = "1 open task that was nobody's has" if given == 1 else f"{given} open tasks that were nobody's have"
    found = f"{member.name} of {member.shop} {state}{f'; {count} somebody now' if given else ''}"
    out().print(found, markup=False)
    if member.active and not member.wanted():
        err().print("they hear of nothing: give --email, or a --channel with its address", markup=False)


def list_staff(shop: InShop = "", as_json: Json = False) -> None:
    """List the staff."""
    found = asyncio.run(_staff(shop))
    if as_json:
        print_json(found)
        return
    if not found:
        out().print("nobody is on the staff yet; add someone with `relevo tasks staff add SHOP NAME --role R`")
        return
    table = Table("shop", "name", "hears by", "skills", "roles", "works", "")
    for one in found:
        table.add_row(*map(escape, staff_row(one)))
    out().print(table)


def _answer(task_id: str, done: Answer, *, by: str, note: str, data: list[str] | None, shop: str) -> None:
    pairs = [pair.partition("=") for pair in data or []]
    if any(not name or not sign for name, sign, _ in pairs):
        raise CommandError("--data needs NAME=VALUE")
    values = {name: value for name, _, value in pairs}
    answered = Answered(task_id=task_id, done=done, by=by, shop=shop, note=note, data=values)
    decided = asyncio.run(operations().decide(answered))
    out().print(f"{decided.by} {done} {task_id}; the workflow goes on as soon as the engine has it", markup=False)


async def _put(shop: str, name: str, given: dict[str, Any], *, new: bool) -> tuple[Member, int]:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        await known_shop(connection, shop)
        known = await tasks.member(connection, shop, name)
        if known is None and not new:
            raise CommandError(f"{name!r} is not on the staff of {shop}: add them with `relevo tasks staff add`")
        before = Member(shop=shop, name=name) if new or known is None else known
        member = structs.replace(before, **given)
        return member, await tasks.put_member(connection, member, make_clock(settings).now())


async def _staff(shop: str) -> list[Member]:
    async with database.transaction(addresses.settings()) as connection:
        if shop:
            await known_shop(connection, shop)
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
