"""LISTEN on a connection of its own: an earlier timer was armed, so do not sleep on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg
import structlog

from relevo_runtime.postgres import temporary
from relevo_runtime.timers import ARMED

_RETRY_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def listening(
    dsn: str, armed: Callable[[], None], on_failure: Callable[[BaseException], None]
) -> AsyncIterator[None]:
    """Calls `armed()` for each announcement while the context is open.

    A lost connection is opened again. Announcements in between are lost, which the longest sleep of the loop makes
    good; so a database that cannot be reached raises nothing here. `on_failure` gets an error that does not pass.
    """

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            on_failure(error)

    task = asyncio.create_task(_keep_listening(dsn, armed), name="timer-announcements")
    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _keep_listening(dsn: str, armed: Callable[[], None]) -> None:
    while True:
        try:
            await _listen_once(dsn, armed)
        except Exception as error:
            if not temporary(error):
                raise
            _log.warning("timer announcements are interrupted", error=str(error), repeats=ARMED)
        await asyncio.sleep(_RETRY_SECONDS)


async def _listen_once(dsn: str, armed: Callable[[], None]) -> None:
    """Listens until the connection is lost."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "relevo-scheduler-listen"})
    lost = asyncio.Event()
    connection.add_termination_listener(lambda *_: lost.set())
    try:
        await connection.add_listener(ARMED, lambda *_: armed())
        await lost.wait()
    finally:
        connection.terminate()
