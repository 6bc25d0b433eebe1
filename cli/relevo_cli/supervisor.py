"""Runs the services as child processes, as Kubernetes would: ready, restarted when dead, stopped in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta

from relevo_cli.child import Child, Died, Spec

START_LIMIT = timedelta(minutes=3)
"""For a process that hangs: one that can't start ends, which is noticed at once. On a machine with thirty times as much
to do as it has cores a start takes more than a minute."""
GRACE = timedelta(seconds=10)


class Supervisor:
    """The children by name, in the order in which they were started."""

    def __init__(self, specs: Sequence[Spec], on_death: Callable[[Died], None]) -> None:
        self.children = {spec.name: Child(spec, on_death) for spec in specs}
        self._on_death = on_death

    async def start(self) -> None:
        """Start all, then wait until each is ready. Raises `StartError`; call `stop` then, too."""
        for child in self.children.values():
            await child.start()
        waits = [asyncio.create_task(child.wait_ready(START_LIMIT)) for child in self.children.values()]
        try:
            await asyncio.gather(*waits)
        finally:
            for wait in waits:
                wait.cancel()

    async def add(self, spec: Spec) -> None:
        """Start one more, and wait until it is ready. Raises `StartError`."""
        child = self.children[spec.name] = Child(spec, self._on_death)
        await child.start()
        await child.wait_ready(START_LIMIT)

    async def stop(self, grace: timedelta = GRACE) -> None:
        """Stop one after the other, last started first, so that nobody sends to one who is gone."""
        for child in reversed(self.children.values()):
            await child.stop(grace)

    @property
    def restarts(self) -> int:
        """How often a child was started again."""
        return sum(child.restarts for child in self.children.values())


@contextlib.asynccontextmanager
async def supervised(specs: Sequence[Spec], on_death: Callable[[Died], None]) -> AsyncIterator[Supervisor]:
    """The children run inside the block. `specs` are in the order of starting; stopping is the other way round."""
    supervisor = Supervisor(specs, on_death)
    try:
        await supervisor.start()
        yield supervisor
    finally:
        await supervisor.stop()
