"""Where contenders run: one embedded Kafka and PostgreSQL for all of them, a fresh database and topics for each."""

import asyncio
import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from relevo_embedded import EmbeddedKafka, EmbeddedPostgres

MIGRATED = ("relevo_runtime", "relevo_scheduler", "relevo_engine", "relevo_notifier", "relevo_ingest")


SERVERS = {"PostgreSQL": "postgres", "Kafka": "java"}
"""The platform's servers, and how their processes' names begin."""


@dataclass(frozen=True)
class Stage:
    """The platform of one benchmark run. `kafka` is empty where none was asked for."""

    kafka: str
    postgres: str
    folder: Path

    async def database(self, name: str) -> str:
        """Creates an empty database and returns its URL."""
        conn = await asyncpg.connect(self.postgres)
        await conn.execute(f"drop database if exists {name} with (force)")
        await conn.execute(f"create database {name}")
        await conn.close()
        return re.sub(r"/relevo(?=\?|$)", f"/{name}", self.postgres)

    async def drop(self, name: str) -> None:
        """Drops a database, so that the server does nothing for it while others are measured."""
        conn = await asyncpg.connect(self.postgres)
        await conn.execute(f"drop database if exists {name} with (force)")
        await conn.execute("checkpoint")
        await conn.close()

    def environment(self, name: str, dsn: str, **settings: object) -> dict[str, str]:
        """The environment of a service of the contender `name`."""
        own = {"kafka": self.kafka, "postgres": dsn, "topic_prefix": f"{name}.", **settings}
        return os.environ | {f"RELEVO_{key}".upper(): str(value) for key, value in own.items()}

    def spawn(self, log: str, *command: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Starts a contender's process; its output goes to a file of the folder."""
        with (self.folder / f"{log}.log").open("wb") as out:
            return subprocess.Popen([sys.executable, *command], env=env, stdout=out, stderr=subprocess.STDOUT)

    def log(self, name: str) -> str:
        """What a contender's process printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")


@asynccontextmanager
async def stage(*, with_kafka: bool = True) -> AsyncIterator[Stage]:
    """Starts the platform in a folder that is gone afterwards."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics have no leader yet: it tries again, and tells
    if task := asyncio.current_task():  # who is told to end ends what it has started
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory(prefix="relevo-bench-") as name:
        folder = Path(name)
        async with contextlib.AsyncExitStack() as stack:
            postgres = await stack.enter_async_context(EmbeddedPostgres(folder / "postgres"))
            kafka = await stack.enter_async_context(EmbeddedKafka(folder / "kafka")) if with_kafka else None
            yield Stage(kafka.bootstrap if kafka else "", postgres.dsn, folder)


def stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ends processes that a benchmark started, by their ids: asks first, insists after ten seconds."""
    processes = [process for process in processes if process.poll() is None]
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class CpuMeter:
    """CPU seconds used by a set of processes, their children, and the platform's servers, since it was made.

    `processes` by name, or in a row, then they are called `process-0` …; `servers` are how names of processes begin,
    or those by the name that they get here.
    """

    def __init__(
        self,
        processes: Mapping[str, subprocess.Popen[bytes]] | Iterable[subprocess.Popen[bytes]],
        *,
        servers: Mapping[str, str] | Iterable[str],
    ) -> None:
        if not isinstance(processes, Mapping):
            processes = {f"process-{number}": process for number, process in enumerate(processes)}
        self._roots = {name: psutil.Process(process.pid) for name, process in processes.items()}
        self._servers = servers if isinstance(servers, Mapping) else {name: name for name in servers}
        self._start = self._now()

    def seconds(self) -> dict[str, float]:
        """CPU seconds by process name since the start; what ended meanwhile counts as far as its parent has seen."""
        now = self._now()
        return {name: round(max(0.0, now[name] - self._start.get(name, 0.0)), 3) for name in now}

    def _now(self) -> dict[str, float]:
        used = {name: sum(_cpu(one) for one in _with_children(root)) for name, root in self._roots.items()}
        for name, prefix in self._servers.items():
            used[name] = sum(_cpu(p) for p in descendants(prefix))
        return used


def rss_mb(process: subprocess.Popen[bytes]) -> float:
    """Resident megabytes of a process and its children."""
    found = 0.0
    for one in _with_children(psutil.Process(process.pid)):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += one.memory_info().rss
    return round(found / 1e6, 1)


def descendants(prefix: str) -> list[psutil.Process]:
    """Processes below this one whose names begin so: the servers of this benchmark, never anybody else's."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a server's worker may end while it is looked at
            if process.name().startswith(prefix):
                found.append(process)
    return found


def _with_children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
