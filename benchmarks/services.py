"""The four services as users start them: `python -m relevo_<service>`, every setting its default but the addresses."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from benchmarks.stage import MIGRATED, Stage, stop
from relevo_embedded.process import free_ports
from relevo_runtime.kafka import create_topics
from relevo_runtime.migrations import migrate
from relevo_runtime.settings import RuntimeSettings

SERVICES = ("notifier", "engine", "scheduler", "ingest")
START_LIMIT = 60.0


@dataclass(frozen=True)
class System:
    """Running services. `ingest` is the port that takes webhooks."""

    processes: dict[str, subprocess.Popen[bytes]]
    ingest: int


async def prepared(on: Stage, name: str) -> RuntimeSettings:
    """A migrated database and the topics of a system of this name, nothing running yet."""
    dsn = await on.database(name)
    settings = RuntimeSettings(kafka=on.kafka, postgres=SecretStr(dsn), topic_prefix=f"{name}.")
    await migrate(dsn, MIGRATED)
    await create_topics(settings)
    return settings


@asynccontextmanager
async def running(
    on: Stage, name: str, settings: RuntimeSettings, *, services: Sequence[str] = SERVICES, **more: object
) -> AsyncIterator[System]:
    """The services run inside the block, ready. Raises `TimeoutError` with the end of a log if one is not in time."""
    ports = dict(zip((*services, "webhooks"), free_ports(len(services) + 1), strict=True))
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for service in services:
            processes[service] = start(on, name, service, settings, ports[service], webhooks=ports["webhooks"], **more)
        for service in services:
            await ready(on, f"{name}-{service}", processes[service], ports[service])
        yield System(processes, ports["webhooks"])
    finally:
        stop(processes.values())


def start(
    on: Stage, name: str, service: str, settings: RuntimeSettings, admin: int, *, webhooks: int = 0, **more: object
) -> subprocess.Popen[bytes]:
    """Starts one service; `more` are settings beyond the addresses, by their names."""
    env = on.environment(
        name,
        settings.dsn,
        admin_port=admin,
        ingest_port=webhooks,
        link_secret="0123456789abcdef",
        watch_parent=True,
        **more,
    )
    return on.spawn(f"{name}-{service}", "-m", f"relevo_{service}", env=env)


async def ready(on: Stage, log: str, process: subprocess.Popen[bytes], admin: int) -> float:
    """Waits for `/readyz` and returns how many seconds that took. Raises `TimeoutError` with the end of the log."""
    began = time.monotonic()
    async with httpx.AsyncClient(timeout=2) as client:
        while time.monotonic() - began < START_LIMIT and process.poll() is None:
            try:
                if (await client.get(f"http://127.0.0.1:{admin}/readyz")).status_code == httpx.codes.OK:
                    return time.monotonic() - began
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.02)
    raise TimeoutError(f"{log} was not ready within {START_LIMIT:.0f} s; its log ends:\n{on.log(log)[-2000:]}")
