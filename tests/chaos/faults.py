"""What goes wrong: each fault begins, lasts and ends in one call."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from random import Random

import httpx

from relevo_cli.child import Child
from relevo_runtime.postgres import Statements
from tests.chaos.scene import LEASE_SECONDS, OUT_OF_REACH, SESSION_SECONDS, Scene, tell, tell_death
from tests.chaos.schedule import SERVERS

STATEMENTS = Statements.load("tests.chaos", "books.sql")
READY_LIMIT = timedelta(seconds=120)
STOPPED_SECONDS = SESSION_SECONDS + 2.0
FULL_SECONDS = 4.0
SLOW_SECONDS = 3.0
SLOW_ANSWER_SECONDS = 0.5
CLOCK_STEP = timedelta(minutes=2)
Server = Callable[[], Awaitable[None]]


class Faults:
    """`kills` counts kill -9; `promised` has what may have been with a provider when its notifier was hit."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.kills = 0
        self.promised: set[str] = set()
        self._scene = scene
        self._random = Random(f"{seed}/faults")

    async def kill(self, victim: str) -> None:
        """kill -9, once the victim is up after what hit it before; whoever keeps it alive starts it again."""
        if victim in SERVERS:
            await self._kill_server(victim)
        else:
            await self._kill_child(self._scene.child(victim))
        self.kills += 1

    async def disturb(self, what: str) -> None:
        """One of `schedule.DISTURBANCES`, from its begin to its end."""
        name, _, whom = what.rpartition(" ")
        acts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "zombie": lambda: self._zombie(whom),
            "engine joins and": lambda: self._join(leave=True),
            "engine joins and is": lambda: self._join(leave=False),
            "slow": self._slow,
            "cut connections": lambda: self._cut(whom),
            "clock": lambda: self._step(CLOCK_STEP if whom == "forward" else -CLOCK_STEP),
            "full disk": lambda: self._scene.disks[whom].full_for(FULL_SECONDS),
        }
        tell(f"  {what}")
        await acts[name]()

    async def _kill_server(self, name: str) -> None:
        server = self._scene.kafka if name == "kafka" else self._scene.postgres
        async with asyncio.timeout(READY_LIMIT.total_seconds()):
            while not (server.process.running and await asyncio.to_thread(server.is_ready)):
                await asyncio.sleep(0.1)
        tell(f"  kill -9 {name}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.process.pid, signal.SIGKILL)

    async def _kill_child(self, child: Child) -> None:
        await _ready(child)
        tell(f"  kill -9 {child.spec.name}")
        await child.kill()
        if child.spec.name == "notifier":
            await self._count_promised()

    async def _count_promised(self) -> None:
        """What was promised to the notifier that was hit: what is promised to the next one has a later lease."""
        clock = self._scene.system.clock
        latest = clock.now() + clock.span(timedelta(seconds=LEASE_SECONDS))
        async with asyncio.timeout(READY_LIMIT.total_seconds()):
            while True:
                with contextlib.suppress(*OUT_OF_REACH):
                    async with self._scene.directly() as connection:
                        found = await connection.fetch(STATEMENTS["promised"], latest)
                        self.promised |= {row["id"] for row in found}
                    return
                await asyncio.sleep(0.1)

    async def _zombie(self, name: str) -> None:
        """A process that stands still past its session, and wakes up to what others have taken over."""
        child = self._scene.child(name)
        await _ready(child)
        while (pid := child.pid) is None:  # it was killed at this very moment
            await _ready(child)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            if name == "notifier":
                await self._count_promised()
            await asyncio.sleep(STOPPED_SECONDS)
            os.kill(pid, signal.SIGCONT)

    async def _join(self, *, leave: bool) -> None:
        engine = self._scene.another_engine(tell_death)
        await engine.start()
        try:
            await _ready(engine)
            await asyncio.sleep(self._random.uniform(0.5, 3.0))
        finally:
            await engine.stop(timedelta(seconds=20) if leave else timedelta(0))

    async def _slow(self) -> None:
        url = f"{self._scene.system.running.sandbox}/faults"
        async with httpx.AsyncClient(timeout=10) as client:
            await client.put(url, json={"latency": SLOW_ANSWER_SECONDS})
            await asyncio.sleep(SLOW_SECONDS)
            await client.put(url, json={})

    async def _cut(self, server: str) -> None:
        for _ in range(3):
            self._scene.proxies[server].cut()
            await asyncio.sleep(self._random.uniform(0.1, 0.8))

    async def _step(self, by: timedelta) -> None:
        self._scene.clockwork.step(by)


async def _ready(child: Child) -> None:
    """Returns once the child does its work, however often it has to be started for want of a server."""
    async with asyncio.timeout(READY_LIMIT.total_seconds()):
        await child.poll_ready()
