"""LISTEN on a connection of its own: an earlier timer was armed, so do not sleep on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg
import structlog

from relevo_runtime.health import Health
from relevo_runtime.postgres import temporary
from relevo_runtime.supervision import Supervised
from relevo_runtime.timers import ARMED

_RETRY_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def listening(
    dsn: str,
    armed: Callable[[], None],
    on_failure: Callable[[BaseException], None],
    health: Health | None = None,
) -> AsyncIterator[None]:
    """Calls `armed()` for each announcement while the context is open.

    A lost connection is opened again. Announcements in between are lost, which the longest sleep of the loop makes
    good; so a database that cannot be reached raises nothing here. `on_failure` hears if listening ends, in any way,
    and `health` has it as bad then.
    """
    part = Supervised(
        "timer announcements", _keep_listening(dsn, armed), health=health or Health(), on_failure=on_failure
    )
    try:
        yield
    finally:
        await part.stop()


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
