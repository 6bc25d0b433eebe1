"""Embedded servers are started again when they die, and given up when they do nothing else."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from relevo_cli.embedded_servers import MOST_DEATHS, ServerDied, ServerGivenUpError, kept_alive
from relevo_embedded import EmbeddedError, EmbeddedPostgres

pytestmark = pytest.mark.timeout(300)


async def killed(server: EmbeddedPostgres) -> int:
    """kill -9 of the postmaster as it runs now; returns its id."""
    pid = server.process.pid
    os.kill(pid, signal.SIGKILL)
    return pid


def runs_anew(server: EmbeddedPostgres, other_than: int) -> bool:
    """Whether another process runs than `other_than`. One that has just been started has not yet written its id."""
    try:
        return server.process.running and server.process.pid != other_than
    except EmbeddedError:
        return False


async def ready(server: EmbeddedPostgres, other_than: int) -> None:
    while not runs_anew(server, other_than):
        await asyncio.sleep(0.05)
    await server.process.ready(server.is_ready, seconds=60)


async def test_a_server_that_dies_is_started_again_on_its_data(tmp_path: Path) -> None:
    deaths: list[ServerDied] = []
    async with EmbeddedPostgres(tmp_path / "postgres") as server, kept_alive([server], deaths.append):
        dsn = server.dsn
        await ready(server, await killed(server))
        assert server.dsn == dsn
    assert [(one.name, one.deaths) for one in deaths] == [("PostgreSQL", 1)]


async def test_a_server_that_dies_again_and_again_is_given_up_with_its_log(tmp_path: Path) -> None:
    deaths: list[ServerDied] = []
    async with EmbeddedPostgres(tmp_path / "postgres") as server:
        (server.folder / "data" / "PG_VERSION").write_text("7\n")  # it ends at each start from now on
        with pytest.raises(ServerGivenUpError, match=f"PostgreSQL died {MOST_DEATHS} times in a row") as given_up:
            async with kept_alive([server], deaths.append):
                await killed(server)
                await asyncio.Event().wait()
    assert "version 7" in str(given_up.value)
    assert [one.deaths for one in deaths] == list(range(1, MOST_DEATHS))
    pauses = [one.pause for one in deaths]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
