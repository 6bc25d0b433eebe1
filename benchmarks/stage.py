"""Where contenders run: one embedded Kafka and PostgreSQL for all of them, a fresh database and topics for each."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from relevo_embedded import EmbeddedKafka, EmbeddedPostgres

MIGRATED = ("relevo_runtime", "relevo_scheduler", "relevo_engine", "relevo_notifier", "relevo_ingest")


@dataclass(frozen=True)
class Stage:
    """The platform of one benchmark run."""

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
async def stage() -> AsyncIterator[Stage]:
    """Starts the platform in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="relevo-bench-") as name:
        folder = Path(name)
        async with EmbeddedKafka(folder / "kafka") as kafka, EmbeddedPostgres(folder / "postgres") as postgres:
            yield Stage(kafka.bootstrap, postgres.dsn, folder)


def stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ends processes that a benchmark started: asks first, insists after ten seconds."""
    processes = list(processes)
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class CpuMeter:
    """CPU seconds used by a set of processes, their children, and the platform's servers, since it was made."""

    def __init__(self, processes: Iterable[subprocess.Popen[bytes]], *, servers: Iterable[str]) -> None:
        self._roots = [psutil.Process(p.pid) for p in processes]
        self._servers = tuple(servers)
        self._start = self._now()

    def seconds(self) -> dict[str, float]:
        """CPU seconds by process name since the start; what ended meanwhile counts with its last reading."""
        now = self._now()
        return {name: round(now[name] - self._start.get(name, 0.0), 3) for name in now}

    def _now(self) -> dict[str, float]:
        used: dict[str, float] = {}
        for number, root in enumerate(self._roots):
            used[f"process-{number}"] = sum(_cpu(p) for p in [root, *root.children(recursive=True)])
        for server in self._servers:
            used[server] = sum(_cpu(p) for p in _descendants(server))
        return used


def _descendants(name: str) -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a server's worker may end while it is looked at
            if process.name().startswith(name):
                found.append(process)
    return found


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
