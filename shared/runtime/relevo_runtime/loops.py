"""The one shell around every loop: `run_once(now)` does the work and says when there is more."""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from relevo_runtime.backoff import Backoff
from relevo_runtime.clock import Clock
from relevo_runtime.database_errors import advice, temporary
from relevo_runtime.errors import PublishError, described
from relevo_runtime.health import Health
from relevo_runtime.metrics import Metrics
from relevo_runtime.supervision import asked_to_end, contained

_log = logging.getLogger(__name__)
_SHORTEST_PAUSE = 0.001


class Loop:
    """Calls `run_once(now)` again and again: at the instant (clock time) that it returned, after `longest_pause` wall
    seconds at the latest, or when somebody calls `wake`. An instant that has passed means at once. Otherwise `gather`
    wall seconds pass from the beginning of one turn to the next, so that what comes in between shares a turn.

    A turn that fails, whatever it raises, is logged, makes the part unhealthy and is tried again with growing pauses: a
    loop never ends by itself.
    """

    def __init__(
        self,
        name: str,
        run_once: Callable[[datetime], Awaitable[datetime | None]],
        *,
        clock: Clock,
        health: Health,
        metrics: Metrics,
        longest_pause: float = 1.0,
        gather: float = 0.0,
    ) -> None:
        self.name = name
        self._run_once = run_once
        self._clock = clock
        self._health = health
        self._metrics = metrics
        self._longest_pause = longest_pause
        self._gather = gather
        self._backoff = Backoff()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is work: don't sleep any longer."""
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until `stopping`; a turn in flight ends first."""
        self._health.expect(self.name, within=max(60.0, 3 * self._longest_pause))
        stop = asyncio.create_task(self._wake_when(stopping))
        try:
            while not (stopping.is_set() or asked_to_end()):
                self._wake.clear()
                began = time.monotonic()
                until = await self._turn()
                if until > began:
                    await _wait(stopping, began + self._gather)
                await _wait(self._wake, until)
        finally:
            stop.cancel()

    async def _turn(self) -> float:
        """One turn; returns until when to sleep, in monotonic time."""
        now = self._clock.now()
        try:
            with self._metrics.loop_seconds.labels(self.name).time():
                due = await contained(self._run_once(now))
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop must go on
            self._metrics.loop_failures.labels(self.name).inc()
            self._health.set(self.name, False, described(error) + advice(error))
            pause = self._backoff.failure()
            self._log_failure(error, pause)
            return time.monotonic() + pause
        self._backoff.success()
        self._health.set(self.name, True)
        self._health.beat(self.name)
        latest = time.monotonic() + self._longest_pause
        if due is None:
            return latest
        if due <= now:
            return -math.inf
        return min(time.monotonic() + self._clock.wall(due - self._clock.now()).total_seconds(), latest)

    def _log_failure(self, error: Exception, pause: float) -> None:
        message = ("loop %s failed, next try in %.1f s: %s", self.name, pause, described(error) + advice(error))
        mark = {"repeats": self.name}
        if isinstance(error, PublishError) or temporary(error) or advice(error):
            # Something outside is wrong: where in the code that shows tells nobody anything.
            _log.warning(*message, extra=mark)
        else:
            _log.exception(*message, extra=mark)

    async def _wake_when(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self._wake.set()


async def _wait(event: asyncio.Event, until: float) -> None:
    """Until `event` is set, or this instant of monotonic time; the others run in any case."""
    left = until - time.monotonic()
    if left < _SHORTEST_PAUSE:
        await asyncio.sleep(0)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(left):
            await event.wait()
