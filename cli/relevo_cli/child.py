"""One child process under supervision: started, watched, started again when it dies, stopped in the end."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

import httpx
from msgspec import Struct

FIRST_PAUSE = timedelta(milliseconds=200)
LONGEST_PAUSE = timedelta(seconds=10)
LONG_LIFE = timedelta(seconds=5)
"""A child that lived this long died of something new: its pause starts anew."""


FALSE_STARTS = 3
"""A child that ended so often before it was ready will never be."""


class Spec(Struct, frozen=True, kw_only=True):
    """What to start. `ready_url` answers 200 once the child does its work; `log` gets its output, appended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready_url: str
    log: Path


class Died(Struct, frozen=True):
    """A child ended although nobody asked it to. `code` is its exit code, negative for a signal."""

    name: str
    code: int
    restarts: int
    pause: timedelta


class StartError(Exception):
    """A child did not become ready."""


def pause_before_restart(deaths: int) -> timedelta:
    """How long to wait before start number `deaths` + 1: doubles from FIRST_PAUSE, at most LONGEST_PAUSE."""
    return min(FIRST_PAUSE * (1 << min(deaths - 1, 16)), LONGEST_PAUSE)


class Child:
    """Keeps one process alive between `start` and `stop`."""

    def __init__(self, spec: Spec, on_death: Callable[[Died], None]) -> None:
        self.spec = spec
        self.restarts = 0
        self._on_death = on_death
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Spawns the process and keeps it alive from now on. Raises `OSError` if it cannot be spawned."""
        self._process = await self._spawn()
        self._keeper = asyncio.create_task(self._keep_alive(), name=f"keep-{self.spec.name}")

    async def stop(self, grace: timedelta) -> None:
        """SIGTERM, and SIGKILL after `grace`. No restart follows. Stopping twice is fine."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        process = self._process
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), grace.total_seconds())
        except TimeoutError:
            _signal(process, signal.SIGKILL)
            await process.wait()

    async def kill(self) -> None:
        """kill -9, as a crash would; returns when the process is gone. The child is started again."""
        if self._process is not None:
            _signal(self._process, signal.SIGKILL)
            await self._process.wait()

    async def wait_ready(self, limit: timedelta) -> None:
        """Returns once `ready_url` answers 200. Raises `StartError` if it ends before, or after `limit`."""
        try:
            async with asyncio.timeout(limit.total_seconds()):
                await self.poll_ready(FALSE_STARTS)
        except TimeoutError:
            raise StartError(
                f"{self.spec.name} was not ready within {limit.total_seconds():.0f} s{self._log_tail()}"
            ) from None

    async def poll_ready(self, false_starts: int = sys.maxsize) -> None:
        """Returns once `ready_url` answers 200. Raises `StartError` if the child ends `false_starts` times before."""
        limit = self.restarts + false_starts
        async with httpx.AsyncClient(timeout=2) as client:
            while self.restarts < limit:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(self.spec.ready_url)).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.05)
        raise StartError(f"{self.spec.name} ended {false_starts} times while it started{self._log_tail()}")

    def _log_tail(self) -> str:
        return f"; the end of {self.spec.log}:\n{last_lines(self.spec.log)}"

    async def _keep_alive(self) -> None:
        deaths = 0
        while self._process is not None:
            born = asyncio.get_running_loop().time()
            code = await self._process.wait()
            lived = timedelta(seconds=asyncio.get_running_loop().time() - born)
            deaths = 1 if lived >= LONG_LIFE else deaths + 1
            pause = pause_before_restart(deaths)
            self.restarts += 1
            self._on_death(Died(self.spec.name, code, self.restarts, pause))
            await asyncio.sleep(pause.total_seconds())
            self._process = await self._spawn()

    async def _spawn(self) -> asyncio.subprocess.Process:
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        with self.spec.log.open("ab") as log:
            return await _spawn(self.spec, log)


async def _spawn(spec: Spec, log: IO[bytes]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *spec.command,
        env={**os.environ, **spec.environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which stops all in order.
        start_new_session=True,
    )


def python(module: str, *options: str) -> list[str]:
    """The command line that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *options]


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for an error message."""
    if not log.is_file():
        return "(no log)"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
