"""A system of its own for a test run: a database and topics at the servers of the run, and `relevo up` on them."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec
from pydantic import SecretStr

from relevo_cli import database
from relevo_cli.addresses import Running
from relevo_cli.child import last_lines
from relevo_cli.commands.migrate import prepare
from relevo_runtime import catalog
from relevo_runtime.kafka import delete_topics
from relevo_runtime.settings import RuntimeSettings
from relevo_testing.leaps import SPEED, stand
from relevo_testing.servers import Servers, with_database
from relevo_testing.shop import ShopUnderTest

PARTITIONS = 4
GRACE_SECONDS = 30
"""What stopping everything in order may take; then it is killed, and its children end with it."""


class SystemFailed(Exception):  # noqa: N818 - says what is the case
    """The system did not come up; the message has what it printed."""


@contextlib.asynccontextmanager
async def own_settings(servers: Servers) -> AsyncIterator[RuntimeSettings]:
    """Settings with a database and topics that are nobody else's, and are gone after the block."""
    admin, kafka = await servers.postgres(), await servers.kafka()
    name = f"relevo_plugin_{uuid.uuid4().hex[:12]}"
    settings = RuntimeSettings(
        kafka=kafka,
        postgres=SecretStr(with_database(admin, name)),
        topic_prefix=f"{name}.",
        partitions=PARTITIONS,
        session_timeout=6.0,
        link_secret=SecretStr(uuid.uuid4().hex),
    )
    await _execute(admin, f"create database {name}")
    try:
        yield settings
    finally:
        await delete_topics(settings)
        await _execute(admin, f"drop database if exists {name} with (force)")


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def furnished(settings: RuntimeSettings, shop: ShopUnderTest) -> None:
    """Tables and topics, and the shop, before anybody looks for it."""
    await prepare(settings)
    async with database.transaction(settings) as connection:
        await catalog.add_shop(connection, shop.in_catalog())


@contextlib.contextmanager
def up(settings: RuntimeSettings, workflows: Path, data: Path, start: datetime) -> Iterator[Running]:
    """`relevo up` with these workflows inside the block, under a clock that stands at `start`.

    Raises `SystemFailed`. It has a session of its own, so that Ctrl-C reaches pytest alone, which stops it in order; if
    pytest is killed it ends by itself.
    """
    data.mkdir(parents=True, exist_ok=True)
    stand(clock_file(data), start)
    log = data / "up.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "relevo_cli", "up", "--json", "--port", "0", *_folders(data, workflows)],
            env={**os.environ, **_environment(settings, data)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        with process.stdout as printed:  # type: ignore[union-attr]  # it is a pipe
            line = printed.readline()
            if not line:
                raise SystemFailed(f"the system did not come up; {log} says:\n{last_lines(log)}")
            yield msgspec.json.decode(line, type=Running)
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _folders(data: Path, workflows: Path) -> list[str]:
    return ["--data", str(data), "--workflows", str(workflows)]


def _environment(settings: RuntimeSettings, data: Path) -> Mapping[str, str]:
    values = {
        "KAFKA": settings.kafka,
        "POSTGRES": settings.dsn,
        "TOPIC_PREFIX": settings.topic_prefix,
        "PARTITIONS": str(settings.partitions),
        "SESSION_TIMEOUT": str(settings.session_timeout),
        "LINK_SECRET": settings.link_secret.get_secret_value(),
        "CLOCK_FILE": str(clock_file(data)),
        "CLOCK_SPEED": str(SPEED),
        "WATCH_PARENT": "true",
    }
    return {f"RELEVO_{name}": value for name, value in values.items()}


def clock_file(data: Path) -> Path:
    """What the clocks of all processes follow; not the file that `relevo up` would pace itself."""
    return data / "test-clock.json"
