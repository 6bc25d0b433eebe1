"""Paused shops: what `relevo shops` tells of them, and how they go on."""

import asyncio
from datetime import UTC
from typing import Annotated

import typer

from relevo_cli.console import local_minute, out
from relevo_cli.operations import operations
from relevo_runtime.pauses import Pause


def resume(
    name: Annotated[str, typer.Argument(help="The shop.")],
    service: Annotated[str, typer.Option(help="The service that paused it; all that did if it is not given.")] = "",
) -> None:
    """Let a shop go on that was paused since too many of its messages failed; mend their cause first."""
    ended = asyncio.run(operations().resume(name, service))
    for one in ended:
        out().print(f"{one.service} goes on with shop {one.shop} within a few seconds", markup=False)
    out().print(f"what was put aside comes back with `relevo dead-letters redrive --shop {name}`", markup=False)


def describe_pause(pause: Pause) -> str:
    """A pause in a sentence, with how to end it."""
    since = f"{local_minute(pause.at, UTC)} UTC"
    return (
        f"{pause.shop}: PAUSED by {pause.service} since {since}: {pause.cause}; mend the cause, then"
        f" `relevo shops resume {pause.shop} --service {pause.service}`"
    )
