"""Who takes part in the relay: Relevo with all its services, and libraries each in processes of their own.

Each is an async context: inside it the contender runs and is ready; `drive` hands over the whole workload.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.workload import Workload
from benchmarks.services import prepared, running
from benchmarks.stage import SERVERS, Stage, stop
from benchmarks.webhooks import Webhooks
from relevo_cli.workflow_files import load_folder
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.postgres import open_pool

HERE = Path(__file__).parent
PEERS = {"Absurd": "absurd_peer.py", "procrastinate": "procrastinate_peer.py", "DBOS": "dbos_peer.py"}
SECRET = "a-secret-of-the-benchmark"
CONNECTIONS = 128

Drive = Callable[[], Awaitable[dict[int, float]]]
"""Hands over the workload; returns when the call of each run is due, by the monotonic clock."""


class ContenderError(Exception):
    """A contender ended, or refused what it was given."""


@dataclass(frozen=True)
class Running:
    """A contender that is ready. `refused` counts what it did not take."""

    processes: Mapping[str, subprocess.Popen[bytes]]
    servers: Mapping[str, str]
    drive: Drive
    refused: Callable[[], int] = field(default=lambda: 0)


@asynccontextmanager
async def relevo(on: Stage, name: str, load: Workload, sink: str) -> AsyncIterator[Running]:
    """All four services; the place of the SMS API is taken by the sink."""
    settings = await prepared(on, name)
    await deploy_relay(settings.dsn, load.wait)
    twilio = {"twilio_url": sink, "twilio_account": "AC0123", "twilio_token": "0123"}
    async with running(on, name, settings, **{f"notifier_{key}": value for key, value in twilio.items()}) as system:
        webhooks = Webhooks(system.ingest, "bench", SECRET, CONNECTIONS)

        async def drive() -> dict[int, float]:
            await webhooks.run(load)
            return webhooks.started

        yield Running(system.processes, SERVERS, drive, lambda: webhooks.refused)
    await on.drop(name)


async def deploy_relay(dsn: str, wait: float) -> None:
    """The shop, and the workload's workflow with the wait of this phase."""
    loaded = load_folder(HERE / "flows" / "relay")
    if f"wait: {wait:g}s" not in loaded.files["workflow.yaml"]:
        raise SystemExit(f"benchmarks/flows/relay waits another time than {wait:g} s")
    pool = await open_pool(dsn, application_name="benchmark")
    async with pool.acquire() as conn, conn.transaction():
        shop = catalog.Shop(shop="bench", platform="shopify", secrets=[catalog.Secret(SECRET)], sms_from="+12025550100")
        await catalog.add_shop(conn, shop)
        await catalog.deploy(
            conn, workflow=loaded.definition.name, version=loaded.definition.version, files=loaded.files,
            at=SystemClock().now(),
        )  # fmt: skip
    await pool.close()


@asynccontextmanager
async def peer(on: Stage, name: str, load: Workload, sink: str, *, script: str, python: str) -> AsyncIterator[Running]:
    """A library, in a database of its own."""
    dsn, log = await on.database(name), on.folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop yet
            [python, HERE / "peers" / script, "--runs", str(load.runs), "--rate", str(load.rate), "--wait",
             str(load.wait), "--sink", f"{sink}/call", "--dsn", dsn],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out,
        )  # fmt: skip

    async def told(word: bytes) -> bytes:
        """The rest of the line that begins with `word`. Raises `ContenderError` if the process ends before."""
        assert process.stdout is not None
        while line := await asyncio.to_thread(process.stdout.readline):
            if line.startswith(word):
                return line.removeprefix(word)
        raise ContenderError(f"{name} ended; its log ends:\n{log.read_text(errors='replace')[-2000:]}")

    async def drive() -> dict[int, float]:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
        return {int(n): at for n, at in json.loads(await told(b"due ")).items()}

    try:
        await told(b"ready")
        yield Running({"itself": process}, {"PostgreSQL": SERVERS["PostgreSQL"]}, drive)
    finally:
        _end(process)
    await on.drop(name)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Lets it end by itself, which closes its pipes; insists otherwise."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        stop([process])
