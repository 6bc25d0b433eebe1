"""`relevo events`: what arrives for a shop, and the events that shops declared themselves."""

import asyncio
import contextlib
from datetime import UTC, timedelta
from typing import Annotated, assert_never

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import hanging, local_minute, out, print_json, terminal_width
from relevo_cli.errors import CommandError
from relevo_cli.event_tail import Line, NotRecognised, ReceivedEvent, ReportedDecision, tail
from relevo_cli.stoppable import until_stopped
from relevo_contracts.event_types import mentioned
from relevo_control.app.shops import known_shop
from relevo_control.app.topics import Unreadable
from relevo_runtime import catalog
from relevo_runtime.catalog import EVERY_SHOP, EventType, of_shop
from relevo_workflow import parse_duration, suggestion

ShopArgument = Annotated[str, typer.Argument(help="The shop; `*`: what every shop has.")]
NameArgument = Annotated[str, typer.Argument(help="The event: custom.<name>.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What arrives for a shop, and the events that it declared.", no_args_is_help=True)
    group.command("tail")(tail_events)
    group.command("list")(list_events)
    group.command("show")(show)
    group.command("withdraw")(withdraw)
    app.add_typer(group, name="events")


def tail_events(
    shop: Annotated[str, typer.Argument(help="The shop.")],
    since: Annotated[str, typer.Option(help="How far back it begins: 30s, 10m, 2h.")] = "10m",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what arrives, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line.")] = False,
) -> None:
    """Tell what arrived for SHOP, what it became, and what it started."""
    try:
        back = parse_duration(since)
    except ValueError as error:
        raise CommandError(f"--since: {error}") from None
    if back < timedelta():
        raise CommandError(f"--since {since} lies in the future: say how far back, as in 10m")
    asyncio.run(until_stopped(_tail(shop, back, follow=follow, as_json=as_json)))


async def _tail(shop: str, back: timedelta, *, follow: bool, as_json: bool) -> None:
    anything = False
    async with contextlib.aclosing(tail(addresses.settings(), shop, back=back, follow=follow)) as found:
        async for lines in found:
            anything = True
            for line in lines:
                if as_json:
                    print_json(line)
                else:
                    out().print(hanging(_text(line), terminal_width(), 10), markup=False, soft_wrap=True)
    if not anything and not as_json:
        out().print("nothing arrived in that time; --follow waits for what does, --since looks further back")


def _text(line: Line) -> str:
    match line:
        case ReceivedEvent(at=at, event=event):
            marks = "".join(f"  {name}" for name in ("historical", "test") if getattr(event, name))
            return f"{at:%H:%M:%S}  {event.type}  {event.id}  {event.key}{marks}"
        case NotRecognised(at=at, message=message):
            return f"{at:%H:%M:%S}  not recognised ({message.kind})  {message.topic}  {message.id}: {message.reason}"
        case Unreadable(at=at, place=place, reason=reason):
            return f"{at:%H:%M:%S}  can't be read  {place}: {reason}"
        case ReportedDecision():
            run = f"  {line.run_id}" if line.run_id else ""
            return f"          {line.event_id}: {line.workflow} {line.kind}{run}  {line.reason}".rstrip()
        case _:
            assert_never(line)


def list_events(shop: ShopArgument, as_json: JsonOption = False) -> None:
    """List the events that SHOP declared, with who declared them and when."""
    found = list(asyncio.run(_of(shop)).values())
    if as_json:
        print_json(found)
        return
    for one in found:
        where = "every shop" if one.shop == EVERY_SHOP else one.shop
        by = f"declared by {one.author}" if one.author else "declared"
        since = f"{local_minute(one.declared_at, UTC)} UTC"
        out().print(f"{one.name}  {where}  {by} on {since}", markup=False, soft_wrap=True)
    if not found:
        out().print("no event is declared; put events/custom.<name>.json beside the workflows and deploy them")


def show(shop: ShopArgument, name: NameArgument) -> None:
    """Print the JSON Schema of an event."""
    print_json(_found(asyncio.run(_of(shop)), name).schema)


def withdraw(shop: ShopArgument, name: NameArgument) -> None:
    """Take an event out of the catalog that no deployed workflow names: ingest refuses it from now on."""
    asyncio.run(_withdraw(shop, name))
    out().print(f"{name} is withdrawn", markup=False)


def _found(known: dict[str, EventType], name: str) -> EventType:
    if name not in known:
        advice = suggestion(name, known)
        raise CommandError(f"there is no event {name!r} there" + (f"; {advice}" if advice else ""))
    return known[name]


async def _of(shop: str) -> dict[str, EventType]:
    async with database.transaction(addresses.settings()) as connection:
        if shop != EVERY_SHOP:
            await known_shop(connection, shop)
        return of_shop(await catalog.event_types(connection), shop)


async def _withdraw(shop: str, name: str) -> None:
    async with database.transaction(addresses.settings()) as connection:
        await catalog.hold(connection)
        one = _found(of_shop(await catalog.event_types(connection), shop), name)
        if one.shop != shop:
            raise CommandError(f"{name} is declared for every shop: `relevo events withdraw '*' {name}`")
        users = [
            deployed.workflow
            for deployed in await catalog.active_definitions(connection)
            if name in mentioned(deployed.files.values())
            and (shop == EVERY_SHOP or deployed.shop in (EVERY_SHOP, shop))
        ]
        if users:
            raise CommandError(f"{name} is named by {', '.join(sorted(set(users)))}: take that out of service first")
        await catalog.withdraw_event(connection, name, shop=shop)
