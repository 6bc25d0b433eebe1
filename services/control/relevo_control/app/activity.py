"""What goes on in a shop: runs of workflows, and imports of files."""

from msgspec import Struct

from relevo_control.adapters import listings
from relevo_control.adapters.listings import ImportView, RunView
from relevo_control.app.pages import Moment, Page, Turn
from relevo_control.app.shops import known_shop
from relevo_runtime.postgres import Connection

MOST_LOOKED_AT = 20_000
"""Runs that are looked at for one page: beside a workflow with few of them there may be millions of others."""


class RunFilter(Struct, frozen=True, kw_only=True):
    """Which runs of a shop: of a workflow (empty: of all), those that have not ended."""

    shop: str
    workflow: str = ""
    active: bool = False


async def list_runs(
    connection: Connection, wanted: RunFilter, turn: Turn[tuple[str, ...]], *, most: int = MOST_LOOKED_AT
) -> Page[RunView]:
    """A page of the runs that are wanted, by their ids. Raises `NotKnownError` for a shop there is not.

    Up to `most` are looked at, so that a page may be short and yet not the last.
    """
    await known_shop(connection, wanted.shop)
    after = turn.after[0] if turn.after else ""
    found = await listings.runs(
        connection, wanted.shop, wanted.workflow, active=wanted.active, after=after, limit=turn.limit + 1, most=most
    )
    looked = None
    if len(found) <= turn.limit:  # a full page goes on behind its last run
        looked = await listings.last_looked_at(connection, wanted.shop, after=after, most=most)
    return turn.page(found, lambda one: (one.run_id,), looked=(looked,) if looked is not None else None)


async def list_imports(connection: Connection, shop: str, turn: Turn[tuple[Moment, str]]) -> Page[ImportView]:
    """A page of the imports of a shop, the newest first. Raises `NotKnownError` for a shop there is not."""
    await known_shop(connection, shop)
    found = await listings.imports(connection, shop, after=turn.after, limit=turn.limit + 1)
    return turn.page(found, lambda one: (one.began_at, one.digest))
