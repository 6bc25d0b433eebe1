"""`relevo reports`: reports that the staff gets each day or week, and one at once."""

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import local_minute, out, print_json
from relevo_cli.errors import CommandError
from relevo_contracts.staff import Member
from relevo_contracts.zones import zone_of
from relevo_control.app.shops import known_shop
from relevo_engine.adapters import reports, tasks
from relevo_engine.core.staff_reports import (
    SECTIONS,
    ReportNews,
    SectionName,
    StaffReport,
    context_of,
    next_due,
    period_of,
    sections_of,
)
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_templates.staff import REPORT, staff_templates


class Every(StrEnum):
    """How often."""

    DAY = "day"
    WEEK = "week"


ShopName = Annotated[str, typer.Argument(help="The shop.")]
Name = Annotated[str, typer.Argument(help="What the report is called here.")]
How = Annotated[Every, typer.Option(help="day: of the day before; week: of the week before, on Monday.")]
Parts = Annotated[
    list[str] | None, typer.Option("--section", help=f"Only {', '.join(SECTIONS)}; repeatable. Default: all.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Reports to the staff: sales, carts, stock, tasks, messages.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_reports)
    group.command("remove")(remove)
    group.command("show")(show)
    app.add_typer(group, name="reports")


def add(
    shop: ShopName,
    name: Name,
    *,
    every: How = Every.DAY,
    to: Annotated[list[str], typer.Option(help="Who of the staff gets it; repeatable.")],
    section: Parts = None,
) -> None:
    """Send a report to the staff at 8 in the morning of the shop; one of that name is replaced."""
    wanted, zone = asyncio.run(_add(shop, name, every, to, _sections(section)))
    out().print(f"{name} goes to {', '.join(to)}, first {local_minute(wanted.due_at, zone_of(zone))}", markup=False)


def list_reports(shop: ShopName, as_json: JsonOption = False) -> None:
    """List the reports of a shop."""
    found, zone = asyncio.run(_list(shop))
    if as_json:
        print_json(found)
        return
    for one in found:
        sections = ", ".join(one.sections) or "everything"
        due = local_minute(one.due_at, zone_of(zone))
        out().print(
            f"{one.name}: each {one.every}, {sections}, to {', '.join(one.members)}; next {due}",
            markup=False,
            soft_wrap=True,
        )
    if not found:
        out().print("no reports")


def remove(shop: ShopName, name: Name) -> None:
    """Send a report no more."""
    if not asyncio.run(_remove(shop, name)):
        raise CommandError(f"{shop} has no report {name!r}; relevo reports list {shop} shows what it has")
    out().print(f"{name} is sent no more", markup=False)


def show(
    shop: ShopName,
    *,
    every: How = Every.DAY,
    section: Parts = None,
    locale: Annotated[str, typer.Option(help="In this language: en, es, it. Default: the shop's.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Print the report of the newest day or week that is over, as it would be sent now."""
    news, place = asyncio.run(_made(shop, every, _sections(section)))
    if as_json:
        print_json(news)
        return
    for line in lines(news, place, locale):
        out().print(line, markup=False, soft_wrap=True)


def lines(news: ReportNews, place: catalog.Shop, locale: str = "") -> Iterator[str]:
    """The texts of its mail."""
    context = {
        "notice": "report",
        "report": context_of(news),
        "member": {"name": news.member.name},
        "shop": {"id": place.shop, "name": place.name or place.shop},
    }
    letter = staff_templates(None, REPORT).letter(REPORT, context, (locale or place.locale,), place.timezone)
    yield letter.subject
    for paragraph in letter.body:
        yield ""
        yield from paragraph.splitlines()


def _sections(given: list[str] | None) -> list[SectionName]:
    wrong = [one for one in given or () if one not in SECTIONS]
    if wrong:
        raise CommandError(f"there is no section {wrong[0]!r}; there are {', '.join(SECTIONS)}")
    return [one for one in SECTIONS if one in (given or ())]


async def _add(
    shop: str, name: str, every: Every, to: list[str], sections: list[SectionName]
) -> tuple[StaffReport, str]:
    now = make_clock(addresses.settings()).now()
    async with database.transaction(addresses.settings()) as connection:
        place = await known_shop(connection, shop)
        staff = {one.name for one in await tasks.staff_of(connection, [shop])}
        unknown = next((one for one in to if one not in staff), None)
        if unknown is not None:
            raise CommandError(
                f"{shop} has nobody {unknown!r} on its staff; it has {', '.join(sorted(staff)) or 'nobody'}"
                f" (relevo tasks staff add {shop} NAME)"
            )
        wanted = StaffReport(
            shop=shop,
            name=name,
            every=every.value,
            sections=sections,
            members=[*dict.fromkeys(to)],
            due_at=next_due(every.value, zone_of(place.timezone), now),
        )
        await reports.put(connection, wanted)
    return wanted, place.timezone


async def _list(shop: str) -> tuple[list[StaffReport], str]:
    async with database.connection(addresses.settings()) as connection:
        place = await known_shop(connection, shop)
        return await reports.of_shop(connection, shop), place.timezone


async def _remove(shop: str, name: str) -> bool:
    async with database.transaction(addresses.settings()) as connection:
        await known_shop(connection, shop)
        return await reports.remove(connection, shop, name)


async def _made(shop: str, every: Every, sections: list[SectionName]) -> tuple[ReportNews, catalog.Shop]:
    now = make_clock(addresses.settings()).now()
    async with database.connection(addresses.settings()) as connection:
        place = await known_shop(connection, shop)
        zone = zone_of(place.timezone)
        period = period_of(every.value, zone, now)
        known = await reports.known(connection, shop, period, zone, now)
    reader = Member(shop=shop, name="")
    made = sections_of(sections, known, period)
    return ReportNews(id="", member=reader, every=every.value, period=period, sections=made), place
