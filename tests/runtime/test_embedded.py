"""The embedded servers: real ones, safe after a crash, gone when their owner is."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
import pytest

from relevo_contracts.topics import EVENTS
from relevo_embedded import EmbeddedKafka, EmbeddedPostgres, FolderInUseError
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import BatchConsumer, Publisher, Record, create_topics
from relevo_runtime.settings import RuntimeSettings

OWNER = """
import asyncio, signal, sys
from pathlib import Path
from relevo_embedded import EmbeddedPostgres

# Started from a shell's background, a process inherits that it ignores Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    async with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
        print(postgres.process.pid, postgres.process.guard_pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has collected yet counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


async def until_gone(*pids: int) -> None:
    async with asyncio.timeout(30):
        while not all(gone(pid) for pid in pids):
            await asyncio.sleep(0.05)


class Owner:
    """A process that owns an embedded PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def __aenter__(self) -> "Owner":
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OWNER, str(self.folder), stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.server, self.guard = (int(text) for text in (await self.process.stdout.readline()).split())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await until_gone(self.server, self.guard)


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    async with EmbeddedPostgres(tmp_path / "postgres", port=0) as started:
        yield started


async def execute(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_data_survives_a_crash_of_the_database(postgres: EmbeddedPostgres) -> None:
    await execute(postgres.dsn, "create table kept as select 42 as answer")
    assert await execute(postgres.dsn, "show fsync") == "on"
    await postgres.kill()
    await postgres.start()
    assert await execute(postgres.dsn, "select answer from kept") == 42


async def test_tcp_needs_the_password(postgres: EmbeddedPostgres) -> None:
    assert await execute(postgres.tcp_dsn, "select 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await execute(f"postgresql://relevo:wrong@127.0.0.1:{postgres.port}/relevo", "select 1")


async def test_a_folder_belongs_to_one_server(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(FolderInUseError, match=f"is in use by process {os.getpid()}"):
        await EmbeddedPostgres(postgres.folder).start()
    assert await execute(postgres.dsn, "select 1") == 1


async def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path / ("long-" * 20) / "postgres") as started:
        assert await execute(started.dsn, "select 1") == 1


async def test_the_server_ends_when_its_owner_is_killed_and_the_folder_is_free_again(tmp_path: Path) -> None:
    async with Owner(tmp_path / "postgres") as owner:
        owner.process.kill()
        async with EmbeddedPostgres(tmp_path / "postgres") as again:
            assert await execute(again.dsn, "select 1") == 1
        await until_gone(owner.server, owner.guard)


async def test_the_server_ends_when_its_guard_is_killed(tmp_path: Path) -> None:
    async with Owner(tmp_path / "postgres") as owner:
        os.kill(owner.guard, signal.SIGKILL)
        await until_gone(owner.server, owner.guard)


async def test_an_owner_that_is_asked_to_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    async with Owner(tmp_path / "postgres") as owner:
        owner.process.send_signal(signal.SIGINT)
        await owner.process.wait()
        await until_gone(owner.server, owner.guard)
    assert not (tmp_path / "postgres" / "server.pid").exists()


async def test_messages_survive_a_crash_of_the_broker_and_everyone_goes_on(tmp_path: Path) -> None:
    got: set[bytes] = set()
    three = asyncio.Event()

    async def handler(records: Sequence[Record]) -> None:
        got.update(record.value for record in records)
        if len(got) == 3:
            three.set()

    async with EmbeddedKafka(tmp_path / "kafka") as kafka:
        settings = RuntimeSettings(kafka=kafka.bootstrap, partitions=1)
        await create_topics(settings)
        running = BatchConsumer(settings, service="test", topics=[EVENTS], handler=handler, clock=SystemClock())
        async with Publisher(settings) as publisher, running:
            await publisher.publish(EVENTS, [(b"acme/one", b"before")])
            await kafka.kill()
            during = asyncio.create_task(publisher.publish(EVENTS, [(b"acme/one", b"during")]))
            await kafka.start()
            await asyncio.wait_for(during, 120)
            await publisher.publish(EVENTS, [(b"acme/one", b"after")])
            await asyncio.wait_for(three.wait(), 120)
    assert got == {b"before", b"during", b"after"}
