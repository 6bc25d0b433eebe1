"""`relevo shops move`: a shop with all that is kept of it goes to another cell."""

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated

import typer
from pydantic import SecretStr

from relevo_cli import addresses, database
from relevo_cli.console import out
from relevo_cli.errors import CommandError
from relevo_cli.moving import move as moving
from relevo_cli.moving.draining import topics_of
from relevo_cli.moving.move import Cells, Pace
from relevo_runtime.clock import make_clock
from relevo_runtime.settings import RuntimeSettings


def move(
    name: Annotated[str, typer.Argument(help="The shop.")],
    to: Annotated[str, typer.Option(help="The database of the other cell, a URL as in RELEVO_POSTGRES.")] = "",
    *,
    abort: Annotated[bool, typer.Option("--abort", help="Serve the shop here again; until it has moved.")] = False,
    same_keys: Annotated[
        bool,
        typer.Option(
            "--same-keys",
            "--same-data-key",
            help="The services there have this cell's RELEVO_DATA_KEY and _SECRETS_KEY.",
        ),
    ] = False,
    settle: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds until every ingest has seen that the shop is held and answered whom it had let in before: at"
            " least RELEVO_INGEST_SHOPS_INTERVAL and RELEVO_INGEST_BUDGET together.",
        ),
    ] = 10,
    patience: Annotated[float, typer.Option(min=1, help="Seconds to wait for what is under way.")] = 600,
) -> None:
    """Move a shop to another cell, nothing lost and nothing twice. After an interruption run it again.

    Its senders are told to try again meanwhile, for about half a minute and as long as the copy takes. Run it with the
    addresses of the cell that has the shop. docs/scaling.md says what a cell is and what does not move.
    """
    if not to and not abort:
        raise CommandError("--to is missing: the database of the cell that gets the shop")
    pace = Pace(settle=settle, patience=patience)
    asyncio.run(_abort(name, to) if abort else _move(name, to, pace, same_keys=same_keys))


async def _move(name: str, to: str, pace: Pace, *, same_keys: bool) -> None:
    settings = addresses.settings()
    async with AsyncExitStack() as stack:
        cells = Cells(
            source=await stack.enter_async_context(database.connection(settings)),
            target=await stack.enter_async_context(database.connection(_there(settings, to))),
            topics=await stack.enter_async_context(topics_of(settings)),
            place=moving.place_of(to),
            clock=make_clock(settings),
            say=_say,
        )
        await moving.move(cells, name, pace, same_keys=same_keys)


async def _abort(name: str, to: str) -> None:
    settings = addresses.settings()
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(database.connection(settings))
        target = await stack.enter_async_context(database.connection(_there(settings, to))) if to else None
        await moving.abort(source, target, name)
    _say(f"shop {name} is served here again")


def _there(settings: RuntimeSettings, to: str) -> RuntimeSettings:
    return settings.model_copy(update={"postgres": SecretStr(to)})


def _say(line: str) -> None:
    out().print(line, markup=False, soft_wrap=True)
