"""A move in order. What is done already is read from both databases, so that the same command goes on after a crash.

    hold the shop here -> nothing of it is under way -> put aside what comes late -> copy and compare -> moved, deleted
    here -> served there

Until the copy is committed the source has everything, and `abort` serves the shop there again. Both databases have it
from then until the source deletes, in one transaction; in both it is held, and everything is parked.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import asyncpg
from msgspec import Struct

from relevo_cli.errors import CommandError
from relevo_cli.moving import copying, parking
from relevo_cli.moving.draining import Topics
from relevo_cli.moving.tables import STATEMENTS, Table, check_migrations, tables_of
from relevo_control.app.errors import unknown_shop
from relevo_control.app.shops import known_shop
from relevo_runtime import catalog
from relevo_runtime.catalog import Shop
from relevo_runtime.clock import Clock
from relevo_runtime.pauses import MOVED
from relevo_runtime.postgres import Connection

Step = Literal["everything", "serve", "nothing"]
READERS = ("engine", "notifier", "notifier-calls")
"""The services that put aside what still comes for the shop once nothing of it is under way."""
_LOOK_EVERY = 0.2


class Pace(Struct, frozen=True):
    """Seconds of wall time. `patience`: how long to wait for what is under way, beside the two waits of `settle`.

    `settle`: until every ingest has seen that the shop is held and has answered whom it had let in before, and until
    every service has seen what it puts aside.
    """

    settle: float = 10.0
    patience: float = 600.0


class Cells(Struct, frozen=True):
    """The cell that has the shop, and the database of the one that gets it; `place` names that without a password."""

    source: Connection
    target: Connection
    topics: Topics
    place: str
    clock: Clock
    say: Callable[[str], None]


def place_of(dsn: str) -> str:
    """Host, port and database of a connection URL."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2] or ",".join(parse_qs(parts.query).get("host", ["local"]))
    return f"{host}/{parts.path.strip('/')}"


def next_step(name: str, here: Shop | None, there: Shop | None, place: str) -> Step:
    """What is left to do, by what both databases know of the shop. Raises `CommandError` if that can't be."""
    if here is None:
        raise CommandError(unknown_shop(name))
    if here.moved_to:
        if here.moved_to != place:
            raise CommandError(f"shop {name} has moved to {here.moved_to}, and can be moved on from there only")
        if there is None:
            raise CommandError(f"shop {name} has moved to {place}, where it is unknown now; restore that database")
        if there.moved_to:
            raise CommandError(f"shop {name} has moved on from {place} to {there.moved_to}")
        return "serve" if there.held_at is not None else "nothing"
    if there is not None and there.held_at is None:
        raise CommandError(f"{place} has a shop {name} already, and serves it; two shops can't become one")
    return "everything"


async def move(cells: Cells, name: str, pace: Pace, *, same_keys: bool = False) -> None:
    """Moves the shop, or goes on where an earlier call was interrupted. Raises `CommandError`."""
    await _lock(cells, name)
    await check_migrations(cells.source, cells.target)
    step = next_step(name, await catalog.shop(cells.source, name), await catalog.shop(cells.target, name), cells.place)
    if step == "everything":
        await _check(cells, name, same_keys=same_keys)
        await _hold(cells, name)
        await _come_to_rest(cells, name, pace)
        await _hand_over(cells, name)
    if step != "nothing":
        await serve(cells.target, name)
    cells.say(f"shop {name} is served by {cells.place}: send its webhooks, events, links and tasks there")


async def abort(source: Connection, target: "Connection | None", name: str) -> None:
    """The shop is served where it was; what was copied is deleted. Raises `CommandError` if it has moved."""
    shop = await known_shop(source, name)
    if shop.moved_to:
        raise CommandError(f"shop {name} has moved to {shop.moved_to}: to have it back, move it from there to here")
    if shop.held_at is None:
        raise CommandError(f"shop {name} is not being moved")
    if target is not None:
        await _forget(target, name)
    await serve(source, name)


async def serve(connection: Connection, name: str) -> None:
    """The shop is served by this cell from now on."""
    async with connection.transaction():
        await parking.unpark(connection, name)
        await connection.execute(STATEMENTS["put_aside_no_more"], name, MOVED)
        await connection.execute(STATEMENTS["raise_revision"], name)
        await catalog.release_shop(connection, name)
    await parking.announce(connection, name)


async def _lock(cells: Cells, name: str) -> None:
    for connection in (cells.source, cells.target):
        if not await connection.fetchval(STATEMENTS["lock"], name):
            raise CommandError(
                f"shop {name} is being moved by another command now, or --to is the database that it is in already"
            )


async def _check(cells: Cells, name: str, *, same_keys: bool) -> None:
    paused = [row["service"] for row in await cells.source.fetch(STATEMENTS["pauses"], name, MOVED)]
    if paused:
        raise CommandError(
            f"shop {name} is paused by {', '.join(paused)}, and what was put aside does not move: mend the cause, then"
            f" `relevo shops resume {name}` and `relevo dead-letters redrive --shop {name}`"
        )
    lacking = await _lacking(cells, name)
    if lacking:
        raise CommandError(
            f"{cells.place} lacks what shop {name} uses of every shop's, or has another version of it:"
            f" {', '.join(lacking)}; deploy and declare the same there first"
        )
    if not same_keys:
        await _check_keys(cells, name)


async def _lacking(cells: Cells, name: str) -> list[str]:
    here, there = await _for_every_shop(cells.source), await _for_every_shop(cells.target)
    own = {row["what"] for row in await cells.source.fetch(STATEMENTS["own_of_shop"], name)}
    return sorted(what for what in here.keys() | there.keys() if what not in own and here.get(what) != there.get(what))


async def _for_every_shop(connection: Connection) -> Mapping[str, str]:
    return {row["what"]: row["found"] for row in await connection.fetch(STATEMENTS["for_every_shop"])}


async def _check_keys(cells: Cells, name: str) -> None:
    for statement, setting, what in (
        ("wrapped_with", "RELEVO_DATA_KEY", "the keys of this shop's customers are wrapped"),
        ("sealed_with", "RELEVO_SECRETS_KEY", "this shop's secrets are sealed"),
    ):
        here = {row["name"] for row in await cells.source.fetch(STATEMENTS[statement], name)}
        there = {row["name"] for row in await cells.target.fetch(STATEMENTS[statement], None)}
        if here - there:
            raise CommandError(
                f"{what} with a {setting} that {cells.place} has not used before; give the services there the same one"
                " (an old one behind a comma), then add --same-keys"
            )


async def _hold(cells: Cells, name: str) -> None:
    async with cells.source.transaction():
        await catalog.hold_shop(cells.source, name, cells.clock.now())
    cells.say(f"shop {name} is held: its senders are told to try again")


async def _come_to_rest(cells: Cells, name: str, pace: Pace) -> None:
    """Returns once nothing of the shop is under way, and what still comes is put aside."""
    try:
        async with asyncio.timeout(pace.patience + 2 * pace.settle):
            await asyncio.sleep(pace.settle)
            await _rounds(cells, name)
            await cells.source.execute(STATEMENTS["put_aside"], name, list(READERS), MOVED, cells.clock.now())
            await asyncio.sleep(pace.settle)
            await _rounds(cells, name)
    except TimeoutError as error:
        left = await parking.under_way(cells.source, name)
        what = _listed(left) or "records on Kafka that are not read"
        raise CommandError(
            f"after {pace.patience:g} s something of shop {name} is still under way: {what}. Do all services of its"
            " cell run (`relevo doctor`)? It stays held; run the command again, or with --abort"
        ) from error


async def _rounds(cells: Cells, name: str) -> None:
    """Parks and waits for Kafka, until a round changes nothing of the shop and nothing is under way before and after.

    Whoever publishes something of the shop has changed a row of it before, or has a row that is under way. So nothing
    of it was on Kafka when such a round began that did anything, and nothing has come since.
    """
    tables = await tables_of(cells.source)
    while True:
        begun = await _at_rest(cells, name, tables)
        ends = await cells.topics.ends()
        while await cells.topics.unread(ends):  # noqa: ASYNC110 - Kafka tells nobody when a group commits
            await asyncio.sleep(_LOOK_EVERY)
        if begun is not None and begun == await _at_rest(cells, name, tables):
            return
        left = await parking.under_way(cells.source, name)
        if left:
            cells.say(f"under way: {_listed(left)}")
        await asyncio.sleep(_LOOK_EVERY)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


async def _at_rest(cells: Cells, name: str, tables: Sequence[Table]) -> Mapping[str, copying.Content] | None:
    """What there is of the shop, if everything of it is parked or over."""
    await parking.park(cells.source, name)
    if await parking.under_way(cells.source, name):
        return None
    async with cells.source.transaction():
        return await copying.contents(cells.source, name, tables)


async def _hand_over(cells: Cells, name: str) -> None:
    source, target = cells.source, cells.target
    tables = await tables_of(source)
    await copying.make_partitions(source, target)
    async with target.transaction():
        await copying.copy_inbox(source, target)
    async with target.transaction():
        async with source.transaction(isolation="repeatable_read", readonly=True):
            versions = await copying.copy_definitions(source, target, name, tables)
            await copying.copy_rows(source, target, name, tables)
        there = await copying.contents(target, name, tables)
        async with source.transaction():
            copying.compare(await copying.contents(source, name, tables), there)
    _report(cells, there, versions)
    async with source.transaction():
        await catalog.hold(source)
        await catalog.moved_shop(source, name, cells.place)
        await copying.delete_moved(source, name, tables)


def _report(cells: Cells, copied: Mapping[str, copying.Content], versions: int) -> None:
    for table, content in copied.items():
        if content.rows:
            cells.say(f"{table}: {content.rows} rows, equal in both")
    cells.say(f"{versions} versions of workflows")


async def _forget(target: Connection, name: str) -> None:
    tables: list[Table] = await tables_of(target)
    try:
        async with target.transaction():
            there = await catalog.shop(target, name)
            if there is not None and there.held_at is not None:
                await copying.delete_rows(target, name, tables)
                await target.execute(STATEMENTS["raise_revision"], name)
    except asyncpg.PostgresError as error:
        raise CommandError(f"what was copied can't be deleted there: {error}; without --to it is left alone") from error
