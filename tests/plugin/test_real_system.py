"""The example's repository as a shop runs it, on real servers; and that nothing is left, however a run ends."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.e2e.machine import gone
from tests.plugin import repository
from tests.plugin.repository import environment_of

pytestmark = pytest.mark.timeout(600)
GIVEN = "--relevo-servers=given"
ENDLESS = """
import os, pathlib, time

import pytest


@pytest.mark.parametrize("number", [1, 2])
def test_it_goes_on(relevo, number, worker_id):
    pathlib.Path(f"new-{worker_id}").write_text(relevo.postgres)
    os.rename(f"new-{worker_id}", f"running-{worker_id}")
    time.sleep(600)
"""


async def left(kafka: str, postgres: str) -> set[str]:
    """The databases and topics of tests of the plugin at the servers."""
    connection = await asyncpg.connect(postgres)
    databases = {one["datname"] for one in await connection.fetch("select datname from pg_database")}
    await connection.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    topics = await admin.list_topics()
    await admin.close()
    return {name for name in {*databases, *topics} if name.startswith("relevo_plugin_")}


@pytest.mark.relevo_containers
async def test_the_example_passes_and_leaves_nothing_at_the_servers(
    shop: Path, kafka: str, database: str, relevo_servers_kind: str
) -> None:
    servers = "--relevo-servers=containers" if relevo_servers_kind == "containers" else GIVEN
    code, printed = await asyncio.to_thread(repository.run, shop, servers, **environment_of(kafka, database))
    assert code == 0, printed
    assert "failed" not in printed
    assert await left(kafka, database) == set()


async def test_a_broken_workflow_fails_with_its_place_on_the_real_system_too(
    shop: Path, kafka: str, database: str
) -> None:
    file = shop / "workflows" / "abandoned-cart" / "workflow.yaml"
    file.write_text(file.read_text().replace("template: reminder,", "template: remindr,"))
    code, printed = await asyncio.to_thread(
        repository.run, shop, GIVEN, "--continue-on-collection-errors", **environment_of(kafka, database)
    )
    assert code == 1
    assert "workflows/abandoned-cart/workflow.yaml:" in printed
    assert "(did you mean 'reminder'?)" in printed
    assert "the system did not come up" in printed
    assert "Traceback" not in printed
    assert await left(kafka, database) == set()


async def test_workers_have_systems_of_their_own_and_ctrl_c_leaves_none(shop: Path) -> None:
    async with endless(shop, "-n", "2", systems=2) as process:
        running = [one.read_text() for one in shop.glob("running-*")]
        assert len(set(running)) == 2
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does


async def test_kill_9_of_pytest_leaves_no_process(shop: Path) -> None:
    async with endless(shop, systems=1) as process:
        process.kill()


@contextlib.asynccontextmanager
async def endless(shop: Path, *options: str, systems: int) -> AsyncIterator["subprocess.Popen[str]"]:
    """A run that does not end by itself, once its systems run. After the block no process of it may be left."""
    (shop / "tests" / "test_endless.py").write_text(ENDLESS)
    process = repository.begun(shop, "tests/test_endless.py", *options)
    try:
        while len([*shop.glob("running-*")]) < systems:
            assert process.poll() is None
            await asyncio.sleep(0.1)
        processes = psutil.Process(process.pid).children(recursive=True)
        assert len(processes) >= 6 * systems + 4  # the services and the sandbox; Kafka, PostgreSQL, and their guards
        yield process
        await gone(processes)
    finally:
        process.kill()
        process.communicate()
