"""The table `control.audit`: it grows and never changes."""

from collections.abc import AsyncIterator, Collection

import msgspec
from msgspec import Struct

from relevo_control.core.audit import START, Anchor, Chained, Entry, chained, faults, unanchored
from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_control.adapters", "audit.sql")
_PAGE = 1000


class Checked(Struct, frozen=True):
    """Where the chain of each shop ends, to be kept elsewhere, and what is wrong with them."""

    ends: list[Anchor]
    faults: list[str]


async def append(connection: Connection, entry: Entry) -> Chained:
    """Adds an entry to the chain of its shop. Needs a transaction, which holds the chain until it ends."""
    await connection.execute(STATEMENTS["lock"], entry.shop)
    last = await connection.fetchrow(STATEMENTS["last"], entry.shop)
    number, before = (last["number"] + 1, last["hash"]) if last is not None else (1, START)
    added = chained(entry, number, before)
    row = (added.shop, added.number, added.at, added.actor, added.means, added.address)
    await connection.execute(STATEMENTS["append"], *row, added.action, added.object, added.outcome, added.hash)
    return added


async def newest(connection: Connection, shop: str, *, before: int = 0, limit: int = _PAGE) -> list[Chained]:
    """The newest entries of a shop's chain (before a number), the newest first."""
    rows = await connection.fetch(STATEMENTS["newest"], shop, before, limit)
    return [msgspec.convert(dict(row), Chained) for row in rows]


async def shops(connection: Connection) -> list[str]:
    """The shops that have a chain."""
    return [row["shop"] for row in await connection.fetch(STATEMENTS["shops"])]


async def check(connection: Connection, anchors: Collection[Anchor] = ()) -> Checked:
    """Reads every chain from its beginning; `anchors` are entries that were there once."""
    ends: list[Anchor] = []
    wrong: list[str] = []
    for shop in await shops(connection):
        chain = [one async for one in _chain(connection, shop)]
        wrong += faults(chain)
        ends.append(chain[-1].anchor)
    places = [one.shop for one in anchors], [one.number for one in anchors]
    rows = await connection.fetch(STATEMENTS["hashes"], *places)
    wrong += unanchored(anchors, {(row["shop"], row["number"]): row["hash"] for row in rows})
    return Checked(ends, wrong)


async def _chain(connection: Connection, shop: str) -> AsyncIterator[Chained]:
    number = 0
    while rows := await connection.fetch(STATEMENTS["page"], shop, number, _PAGE):
        for row in rows:
            yield msgspec.convert(dict(row), Chained)
        number = rows[-1]["number"]
