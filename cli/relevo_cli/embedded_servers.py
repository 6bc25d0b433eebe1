"""Keeps the embedded servers alive: one that dies is started again on the same data and the same port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from relevo_cli.child import pause_before_restart
from relevo_embedded import EmbeddedError
from relevo_embedded.process import GuardedProcess

LONG_LIFE = timedelta(seconds=20)
"""A server that lived this long died of something new: its deaths are counted anew."""
MOST_DEATHS = 5
"""So many deaths in a row, each before a long life, are given up."""


class Server(Protocol):
    """An embedded server."""

    process: GuardedProcess

    async def start(self) -> None:
        """Start it on its data and port; returns when it takes connections. Raises `EmbeddedError`."""
        ...


class ServerDied(Struct, frozen=True):
    """A server ended although nobody asked it to; it is started again after `pause`."""

    name: str
    deaths: int
    pause: timedelta


class ServerGivenUpError(EmbeddedError):
    """A server dies again and again; the message has the end of its log."""

    def __init__(self, process: GuardedProcess, deaths: int) -> None:
        super().__init__(
            f"{process.name} died {deaths} times in a row and is not started again; its data is kept in"
            f" {process.folder}. The end of {process.log}:\n{process.tail()}"
        )
        self.name = process.name
        self.deaths = deaths


@contextlib.asynccontextmanager
async def kept_alive(
    servers: Sequence[Server], on_death: Callable[[ServerDied], None], *, most_deaths: int = MOST_DEATHS
) -> AsyncIterator[None]:
    """The servers, which run already, are kept alive inside the block; a server given up ends the block.

    Raises `ServerGivenUpError`. The servers are left running.
    """
    try:
        async with asyncio.TaskGroup() as keeping:
            tasks = [
                keeping.create_task(_keep(server, on_death, most_deaths), name=f"keep-{server.process.name}")
                for server in servers
            ]
            yield
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


async def _keep(server: Server, on_death: Callable[[ServerDied], None], most_deaths: int) -> None:
    deaths, loop = 0, asyncio.get_running_loop()
    while True:
        born = loop.time()
        await server.process.ended()
        deaths = 1 if loop.time() - born >= LONG_LIFE.total_seconds() else deaths + 1
        if deaths >= most_deaths:
            raise ServerGivenUpError(server.process, deaths)
        pause = pause_before_restart(deaths)
        on_death(ServerDied(server.process.name, deaths, pause))
        await asyncio.sleep(pause.total_seconds())
        with contextlib.suppress(EmbeddedError):  # it died while it started: the next turn counts that
            await server.start()
