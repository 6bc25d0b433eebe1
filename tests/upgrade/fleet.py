"""The services of a system, each of the one release or of the other, and of both while one is exchanged."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from relevo_cli.child import Child, Died, Spec
from relevo_cli.processes import HOST
from tests.upgrade.releases import Release

READY = timedelta(seconds=60)
GRACE = timedelta(seconds=20)
"""A process that is asked to stop has so long to finish what it does."""


class Process(Struct, frozen=True):
    """A service that runs, of a release."""

    release: Release
    child: Child


class Fleet:
    """Starts and exchanges processes. All have the one sandbox, and ports of their own."""

    def __init__(self, data: Path, *, smtp: int, sandbox: int, on_death: Callable[[Died], None]) -> None:
        self._data = data
        self._smtp = smtp
        self._sandbox = sandbox
        self._on_death = on_death
        self._running: dict[str, Process] = {}
        self._ingests: list[str] = []

    @property
    def mixture(self) -> Mapping[str, str]:
        """The release of each service."""
        return {name: one.release.name for name, one in self._running.items()}

    @property
    def ingests(self) -> Sequence[str]:
        """Where webhooks can be posted to now, as a balancer of load knows it."""
        return self._ingests

    async def start(self, services: Sequence[str], release: Release) -> None:
        """Start these services of a release; returns once they do their work."""
        started = [await self._started(name, release) for name in services]
        await asyncio.gather(*(one.wait_ready(READY) for one in started))
        for name, child in zip(services, started, strict=True):
            self._enter(name, Process(release, child))

    async def exchange(self, service: str, release: Release, *, beside: float) -> None:
        """A service of another release takes over: for some seconds both work beside each other, then one stops."""
        before = self._running[service]
        child = await self._started(service, release)
        await child.wait_ready(READY)
        self._enter(service, Process(release, child))
        await asyncio.sleep(beside)
        if service == "ingest":
            self._ingests.remove(_address(before.child.spec))
        await before.child.stop(GRACE)

    async def stop(self) -> None:
        """Stop all."""
        for one in reversed(list(self._running.values())):
            await one.child.stop(GRACE)

    def logs(self) -> Sequence[Path]:
        """What the services wrote, of both releases."""
        return sorted(self._data.glob("*/logs/*.log"))

    async def _started(self, service: str, release: Release) -> Child:
        specs = await release.specs(self._data / release.name, self._smtp, self._sandbox)
        child = Child(specs[service], self._on_death)
        await child.start()
        return child

    def _enter(self, service: str, process: Process) -> None:
        self._running[service] = process
        if service == "ingest":
            self._ingests.append(_address(process.child.spec))


def _address(ingest: Spec) -> str:
    return f"http://{HOST}:{ingest.environment['RELEVO_INGEST_PORT']}"
