"""kill -9 at random moments: what a crash test and `relevo demo --kill SEED` do to the services."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from random import Random

from relevo_cli.child import Child
from relevo_cli.supervisor import Supervisor

VICTIMS = ("engine", "scheduler", "notifier")
LEAST_SECONDS, MOST_SECONDS = 2.0, 7.0


class Killer:
    """Kills one of VICTIMS every few seconds while `at_work`; without a seed it does nothing.

    The same seed gives the same victims after the same pauses; what each was doing then is up to the machine. One that
    is still starting is spared: a crash, not an outage without end.
    """

    def __init__(self, supervisor: Supervisor, seed: int | None, over: Callable[[], bool]) -> None:
        """`over` says when there is nothing left to disturb."""
        self.kills = 0
        self._over = over
        self._supervisor = supervisor
        self._random = Random(seed) if seed is not None else None
        self._starting: dict[str, asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Kills while the block runs."""
        if self._random is None:
            yield
            return
        task = asyncio.create_task(self._kill_again_and_again(self._random), name="killer")
        try:
            yield
        finally:
            tasks = [task, *self._starting.values()]
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _kill_again_and_again(self, random: Random) -> None:
        while True:
            await asyncio.sleep(random.uniform(LEAST_SECONDS, MOST_SECONDS))
            if self._over():
                return
            victim = random.choice(VICTIMS)
            if victim not in self._starting or self._starting[victim].done():
                self._kill(self._supervisor.children[victim])

    def _kill(self, child: Child) -> None:
        self.kills += 1
        self._starting[child.spec.name] = asyncio.create_task(self._until_ready(child))

    async def _until_ready(self, child: Child) -> None:
        await child.kill()
        await child.poll_ready()
