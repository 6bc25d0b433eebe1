"""Two cells with all their services, and a shop that moves from one to the other with runs under way.

The cells have a database and topics each. Events come before, during and after the move; who is told to try again does,
at the cell that the edge sends the shop to by then. A second shop stays, and is served all the while.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from relevo_cli.at_start import store
from relevo_cli.workflow_files import load_folder
from relevo_engine.settings import EngineSettings
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.kafka import create_topics, delete_topics
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.service import Service
from relevo_sandbox.sandbox import Sandbox, run_sandbox
from relevo_scheduler.settings import SchedulerSettings
from relevo_testing.servers import Servers
from tests.cli.test_commands import given
from tests.conftest import Platforms, SettingsFactory
from tests.e2e.machine import relevo_from_nothing, start
from tests.e2e.test_calls_and_tasks import engine_runs, notifier_runs
from tests.e2e.test_erasure import scheduler_runs
from tests.engine.conftest import CART
from tests.ingest.conftest import TOKEN, tea_shop
from tests.notifier.waiting import until

WORKFLOW = {name: text for name, text in CART.items() if name.startswith("layouts/")} | {
    "workflow.yaml": """
workflow: twice
title: Twice
change: ad-hoc
key: trigger.order_id
trigger: {event: order.placed}
steps:
  - send: {channel: email, template: first, purpose: transactional}
  - wait: 8s
  - send: {channel: email, template: second, purpose: transactional}
""",
    "templates/first.yaml": CART["templates/reminder.yaml"].replace("Your cart", "First"),
    "templates/second.yaml": CART["templates/reminder.yaml"].replace("Your cart", "Second"),
}
TEA, MOKA = "tea", "moka"
CONNECTED = (
    "select count(*) from pg_stat_activity where application_name = 'relevo-cli' and datname = current_database()"
)
pytestmark = pytest.mark.timeout(600)


class Cell:
    """A cell whose services run."""

    def __init__(self, settings: SettingsFactory, pool: Pool, client: httpx.AsyncClient) -> None:
        self.environment = given(settings())
        self.pool = pool
        self._client = client

    async def post(self, shop: str, number: int, at: datetime) -> int:
        """An order of a customer of its own; the status of the answer."""
        customer = {"id": str(number), "email": f"{shop}{number}@example.org", "first_name": "Ana"}
        event: dict[str, Any] = {"specversion": "1.0", "id": f"e-{number}", "source": "erp", "type": "order.placed"}
        event |= {"time": at.isoformat(), "data": {"customer": customer, "order_id": f"o-{number}"}}
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cloudevents+json"}
        answer = await self._client.post(f"/events/{shop}", content=json.dumps(event), headers=headers)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code

    async def runs(self, shop: str) -> tuple[int, int]:
        """How many runs of the shop are over, and how many there are."""
        row = await self.pool.fetchrow(
            "select count(*) filter (where ended_at is not null), count(*) from engine.run where shop = $1", shop
        )
        assert row is not None
        return row[0], row[1]

    async def prepare(self, shops: Sequence[str]) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            for shop in shops:
                sender = f"{shop} <hello@example.com>"
                await catalog.add_shop(connection, msgspec.structs.replace(tea_shop(), shop=shop, email_from=sender))


@asynccontextmanager
async def cell_runs(
    settings: SettingsFactory, shops: Sequence[str], workflow: Path, sandbox: Sandbox
) -> AsyncIterator[Cell]:
    own = settings(IngestSettings, ingest_port=0, ingest_shops_interval=0.1, ingest_shops_forced=0.05)
    pool = await open_pool(own.dsn, application_name="relevo-tests")
    await create_topics(own)
    async with (
        running(own, Service("ingest", own)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        cell = Cell(settings, pool, client)
        await store(own, [load_folder(workflow)])
        await cell.prepare(shops)
        async with (
            engine_runs(settings(EngineSettings)),
            notifier_runs(settings(NotifierSettings, notifier_smtp={"host": "127.0.0.1", "port": sandbox.smtp_port})),
            scheduler_runs(settings(SchedulerSettings)),
        ):
            yield cell
    pool.terminate()
    await delete_topics(own)


@pytest.fixture
async def cells(
    settings: SettingsFactory, platforms: Platforms, platform: Servers, tmp_path: Path
) -> AsyncIterator[tuple[Cell, Cell, Sandbox]]:
    """The cell that has both shops, the one that has none, and where the mails of both arrive."""
    workflow = tmp_path / "twice"
    for name, text in WORKFLOW.items():
        file = (tmp_path if name.startswith("layouts/") else workflow) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    databases = await platforms.databases(platform)
    dsn = await databases.take()
    prefix = f"other-{settings().topic_prefix}"

    def other(cls: Any = EngineSettings, /, **changes: object) -> Any:
        return settings(cls, postgres=dsn, topic_prefix=prefix, **changes)

    async with (
        run_sandbox(tmp_path / "mail", token="sandbox") as sandbox,
        cell_runs(settings, (TEA, MOKA), workflow, sandbox) as source,
        cell_runs(other, (), workflow, sandbox) as target,
    ):
        yield source, target, sandbox
    await databases.give_back(dsn)


class Edge:
    """What shops reach: the cell that a shop is in, as far as the edge was told."""

    def __init__(self, cell: Cell) -> None:
        self.cell = {TEA: cell, MOKA: cell}
        self.refused = Counter[str]()
        self._at = datetime.now(UTC)

    async def send(self, shop: str, number: int) -> None:
        """As a shop's system does: until it is taken."""
        while await self.cell[shop].post(shop, number, self._at) == 503:
            self.refused[shop] += 1
            await asyncio.sleep(0.5)


async def held(cell: Cell) -> bool:
    """Whether the shop is held there."""
    return bool(await cell.pool.fetchval("select held_at is not null from catalog.shop where shop = $1", TEA))


async def killed_half_way(source: Cell, target: Cell, command: Sequence[str]) -> None:
    """The command, killed while it waits for what is under way; its connections are gone."""

    async def gone() -> bool:
        return not any([await cell.pool.fetchval(CONNECTED) for cell in (source, target)])

    process = await start(*command, **source.environment)
    await until(lambda: held(source))
    await asyncio.sleep(1.5)
    process.kill()
    await process.communicate()
    await until(gone)


async def test_a_shop_moves_under_load_and_every_run_ends_once_with_each_message_once(
    cells: tuple[Cell, Cell, Sandbox],
) -> None:
    source, target, sandbox = cells
    edge = Edge(source)
    before, during, after = range(12), range(12, 24), range(24, 30)
    for number in before:
        await edge.send(TEA, number)
        await edge.send(MOKA, number)

    async def keep_sending() -> None:
        for number in during:
            if number == during[len(during) // 2]:
                await until(lambda: held(source))  # so the shop is sent to while it is held, however slow the machine
            await asyncio.gather(edge.send(TEA, number), edge.send(MOKA, number))
            await asyncio.sleep(0.3)

    async with asyncio.TaskGroup() as both:
        both.create_task(keep_sending())
        command = ("shops", "move", TEA, "--to", target.environment["RELEVO_POSTGRES"], "--settle", "1")
        await killed_half_way(source, target, command)
        code, out, err = await relevo_from_nothing(*command, **source.environment)
        assert code == 0, err + out
        edge.cell[TEA] = target
    for number in after:
        await edge.send(TEA, number)
    for number in (*before, *during):  # a platform that did not hear the answer sends again
        await edge.send(TEA, number)
    assert edge.refused[TEA] > 0
    assert edge.refused[MOKA] == 0, "another shop notices nothing"
    tea, moka = len(before) + len(during) + len(after), len(before) + len(during)

    async def all_ended() -> bool:
        return await target.runs(TEA) == (tea, tea) and await source.runs(MOKA) == (moka, moka)

    await until(all_ended, 240)
    assert await source.runs(TEA) == (0, 0)
    assert await source.post(TEA, 99, datetime.now(UTC)) == 503, "the cell that it left takes nothing"
    wanted = Counter(
        (f"{shop}{number}@example.org", subject)
        for shop, count in ((TEA, tea), (MOKA, moka))
        for number in range(count)
        for subject in ("First", "Second")
    )
    assert Counter((mail.to, mail.subject) for mail in sandbox.box.messages(0, 10_000)) == wanted
