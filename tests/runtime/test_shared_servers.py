"""How a test run of several processes shares its servers, and in which order it goes."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from relevo_testing.servers import EmbeddedServers, Servers, ServersError
from relevo_testing.shared_servers import ServerHost, SharedServers
from tests.running_order import FOLDERS, WHOLE_SYSTEM

TESTS = Path(__file__).parents[1]


class FailingServers(EmbeddedServers):
    """A machine on which Kafka can't start."""

    async def kafka(self) -> str:
        raise OSError("no Java here")


def failing(_: str) -> Servers:
    return FailingServers()


async def test_workers_share_one_server_which_is_gone_with_its_host(tmp_path: Path) -> None:
    host = ServerHost(tmp_path)
    try:
        workers = [SharedServers(tmp_path) for _ in range(3)]
        [address] = set(await asyncio.gather(*(worker.postgres() for worker in workers)))
        for worker in workers:
            await worker.close()
        connection = await asyncpg.connect(address)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
    finally:
        await asyncio.to_thread(host.close)
    with pytest.raises(OSError, match=r"."):
        await asyncpg.connect(address)


async def test_what_nobody_asks_for_does_not_start(tmp_path: Path) -> None:
    host = ServerHost(tmp_path)
    await asyncio.to_thread(host.close)
    assert list(tmp_path.iterdir()) == []


async def test_every_worker_hears_why_a_server_can_not_start(tmp_path: Path) -> None:
    host = ServerHost(tmp_path, failing)
    try:
        for _ in range(2):
            with pytest.raises(ServersError, match="OSError: no Java here"):
                await SharedServers(tmp_path).kafka()
    finally:
        await asyncio.to_thread(host.close)


def test_every_folder_of_tests_has_its_place_in_the_order() -> None:
    folders = {path.parent.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    assert folders == set(FOLDERS)
    assert set(WHOLE_SYSTEM) < set(FOLDERS)
    assert len(FOLDERS) == len(set(FOLDERS))
