"""LISTEN on a connection of its own: an earlier timer was armed, so do not sleep on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg
import structlog

from relevo_runtime.backoff import Backoff
from relevo_runtime.database_errors import advice
from relevo_runtime.errors import described
from relevo_runtime.health import Health
from relevo_runtime.supervision import Supervised, asked_to_end, contained
from relevo_runtime.timers import ARMED

_PART = "timer announcements"
_log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def listening(
    dsn: str,
    armed: Callable[[], None],
    on_failure: Callable[[BaseException], None],
    health: Health | None = None,
) -> AsyncIterator[None]:
    """Calls `armed()` for each announcement while the context is open.

    A connection that is lost, or can't be opened, is tried again with growing pauses, and `health` has the part as bad
    until it listens. Announcements in between are lost, which the longest sleep of the loop makes good; so nothing is
    raised here. `on_failure` hears if listening ends, in any way.
    """
    health = health or Health()
    part = Supervised(_PART, _keep_listening(dsn, armed, health), health=health, on_failure=on_failure)
    try:
        yield
    finally:
        await part.stop()


async def _keep_listening(dsn: str, armed: Callable[[], None], health: Health) -> None:
    backoff = Backoff()

    def listens() -> None:
        backoff.success()
        health.set(_PART, True)

    while not asked_to_end():
        try:
            await contained(_listen_once(dsn, armed, listens))
            why = "the connection was lost"
        except Exception as error:  # noqa: BLE001 - as in a loop: a password that was changed is mended without a start
            why = described(error) + advice(error)
        health.set(_PART, False, why)
        pause = backoff.failure()
        _log.warning("timer announcements are interrupted", error=why, next_try_in=pause, repeats=ARMED)
        await asyncio.sleep(pause)


async def _listen_once(dsn: str, armed: Callable[[], None], listens: Callable[[], None]) -> None:
    """Listens until the connection is lost; `listens()` is called once it does."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "relevo-scheduler-listen"})
    lost = asyncio.Event()
    connection.add_termination_listener(lambda *_: lost.set())
    try:
        await connection.add_listener(ARMED, lambda *_: armed())
        listens()
        await lost.wait()
    finally:
        connection.terminate()
