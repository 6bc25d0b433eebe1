"""kill -9 at random moments: what a crash test and `relevo demo --kill SEED` do to the services."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from random import Random

from relevo_cli.supervisor import Supervisor

VICTIMS = ("engine", "scheduler", "notifier")
LEAST_SECONDS, MOST_SECONDS = 2.0, 7.0


class Killer:
    """Kills one of VICTIMS every few seconds while `at_work`; without a seed it does nothing.

    The same seed gives the same victims after the same pauses; what each was doing then is up to the machine.
    """

    def __init__(self, supervisor: Supervisor, seed: int | None, over: Callable[[], bool]) -> None:
        """`over` says when there is nothing left to disturb."""
        self.kills = 0
        self._over = over
        self._supervisor = supervisor
        self._random = Random(seed) if seed is not None else None

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Kills while the block runs."""
        if self._random is None:
            yield
            return
        task = asyncio.create_task(self._kill(self._random), name="killer")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _kill(self, random: Random) -> None:
        while True:
            await asyncio.sleep(random.uniform(LEAST_SECONDS, MOST_SECONDS))
            if self._over():
                return
            self._supervisor.children[random.choice(VICTIMS)].kill()
            self.kills += 1
