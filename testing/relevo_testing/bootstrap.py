"""Puts a system under test together: settings, shop, `relevo up`, and the clock that a test leads."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from relevo_cli.backlog import backlog_of
from relevo_cli.processes import SHORT_LEASE
from relevo_runtime.clock import SystemClock
from relevo_runtime.settings import RuntimeSettings
from relevo_testing.background import Background
from relevo_testing.leaps import SPEED, Leaps
from relevo_testing.running import clock_file, furnished, own_settings, up
from relevo_testing.servers import Servers
from relevo_testing.shop import ShopUnderTest
from relevo_testing.system import Relevo

T = TypeVar("T")


@contextlib.contextmanager
def started(
    servers: Servers, shop: ShopUnderTest, workflows: Path, data: Path, start: datetime | None
) -> Iterator[Relevo]:
    """The system inside the block; after it nothing of it is left but its logs.

    Raises `ServersError`, `SystemFailed`.
    """
    begins = start or SystemClock().now().replace(microsecond=0)
    with contextlib.ExitStack() as stack:
        background = stack.enter_context(Background())
        settings = _within(stack, background, own_settings(servers))
        background.run(furnished(settings, shop))
        running = stack.enter_context(up(settings, workflows, data, begins))
        leaps, connection = _within(stack, background, _led(settings, data, begins))
        relevo = Relevo(running, shop, background, leaps, connection)
        stack.callback(relevo.close)
        yield relevo


def _within(stack: contextlib.ExitStack, background: Background, context: AbstractAsyncContextManager[T]) -> T:
    """Enters an asynchronous context in the background, and leaves it there with the others."""
    entered = background.run(_entered(context))
    stack.callback(lambda: background.run(_left(context)))
    return entered


async def _entered(context: AbstractAsyncContextManager[T]) -> T:
    return await context.__aenter__()


async def _left(context: AbstractAsyncContextManager[object]) -> None:
    await context.__aexit__(None, None, None)


@contextlib.asynccontextmanager
async def _led(
    settings: RuntimeSettings, data: Path, begins: datetime
) -> "AsyncIterator[tuple[Leaps, asyncpg.Connection[Any]]]":
    """What leads the clock, with its connections."""
    async with backlog_of(settings, timedelta(seconds=SHORT_LEASE * SPEED)) as backlog:
        connection = await asyncpg.connect(settings.dsn)
        try:
            yield Leaps(clock_file(data), begins, backlog, connection), connection
        finally:
            await connection.close()
