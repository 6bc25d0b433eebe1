"""The engine as a process, with the library's back-in-stock workflow: from the form to the mail, through Kafka."""

import asyncio
import contextlib
import signal
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec

from relevo_cli.at_start import store
from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.keys import product_key
from relevo_contracts.messages import SendDelivery
from relevo_contracts.payloads import Buyer, ProductRequested, StockChanged
from relevo_embedded.process import free_ports
from relevo_engine.adapters.definitions import DefinitionCache
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import Publisher
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import Run, Subject
from tests.engine.conftest import CART, MORNING
from tests.scheduler.reading import read_topic
from tests.scheduler.test_service import environment

FLOW = Path(__file__).parents[2] / "workflows" / "back-in-stock"


def event(event_type: str, key: str, payload, at) -> Event:  # type: ignore[no-untyped-def]
    return Event(
        id=f"{event_type}-{key}", source="test", type=event_type, time=at, shop="acme", key=key,
        data=event_data(payload), receivedtime=at,
    )  # fmt: skip


async def publish(own: RuntimeSettings, *events: Event) -> None:
    async with Publisher(own) as publisher:
        messages = [(partition_key(one.shop, one.key), msgspec.json.encode(one)) for one in events]
        await publisher.publish(topics.EVENTS, messages)


async def sent(own: RuntimeSettings, count: int) -> list[tuple[str, str]]:
    """Customers and templates of the deliveries, once there are as many."""
    while len(found := await read_topic(own, topics.DELIVERIES)) < count:
        await asyncio.sleep(0.1)
    deliveries = [msgspec.json.decode(value, type=SendDelivery) for _, value in found]
    return sorted((one.key, one.template) for one in deliveries)


async def test_a_version_that_can_not_be_read_is_told_and_stops_nothing(pool, settings, topics) -> None:  # type: ignore[no-untyped-def]
    assert topics
    own, [port] = settings(), free_ports(1)
    await store(own, [load_folder(FLOW)])
    async with pool.acquire() as conn, conn.transaction():
        files = {"workflow.yaml": "workflow: later\nfuture: true\n"}
        await catalog.deploy(conn, workflow="later", version="f" * 16, files=files, at=SystemClock().now())
    admin = {"RELEVO_ADMIN_PORT": str(port)}
    command = (sys.executable, "-m", "relevo_engine")
    process = await asyncio.create_subprocess_exec(
        *command, env=environment(own) | admin, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            ready = await answered(client, "/readyz", telling='"definitions"')
            metrics = (await client.get("/metrics")).text
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = await process.communicate()
    part = ready.json()["parts"]["definitions"]
    assert part["ok"] is True
    assert f"version {'f' * 16} can't be read: later: " in part["why"]
    assert "future" in part["why"]
    assert "relevo_definitions_unreadable 1.0" in metrics
    [line] = [line for line in log.decode().splitlines() if "definition_unreadable" in line]
    assert "`relevo check`" in line


async def test_a_version_that_was_mended_is_told_no_more_unless_a_run_needs_it(pool) -> None:  # type: ignore[no-untyped-def]
    definitions, old = DefinitionCache(), "f" * 16
    pinned = Run(
        id="r", workflow="later", version=old, key="k", customer="cus_1", started_at=MORNING, at=MORNING, step="wait"
    )
    async with pool.acquire() as conn:
        for version, text in ((old, "workflow: later\nfuture: true\n"), ("e" * 16, CART["workflow.yaml"])):
            await catalog.deploy(
                conn, workflow="later", version=version, files=CART | {"workflow.yaml": text}, at=MORNING
            )
            await definitions.refresh(conn)
            assert set(definitions.unreadable) == ({old} if version == old else set())
        await definitions.for_subjects(conn, [Subject(shop="acme", key="cus_1", runs=(pinned,))])
    assert set(definitions.unreadable) == {old}


async def test_a_database_without_tables_is_named_with_what_to_do(pool, settings) -> None:  # type: ignore[no-untyped-def]
    await pool.execute("drop schema catalog cascade")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relevo_engine"), env=environment(settings()), stderr=asyncio.subprocess.PIPE
    )
    _, log = await process.communicate()
    assert process.returncode == 1
    [line] = [line for line in log.decode().splitlines() if '"critical"' in line]
    assert "run `relevo migrate`" in line


async def answered(client: httpx.AsyncClient, path: str, *, telling: str = "") -> httpx.Response:
    """The first 200 whose text has `telling`; the test's timeout is the limit."""
    while True:
        with contextlib.suppress(httpx.TransportError):
            response = await client.get(path)
            if response.status_code == httpx.codes.OK and telling in response.text:
                return response
        await asyncio.sleep(0.1)


async def test_everybody_who_asked_hears_that_it_is_back(pool, settings, topics, system_clock) -> None:  # type: ignore[no-untyped-def]
    assert topics
    own, now = settings(), system_clock.now()
    async with pool.acquire() as conn:
        await catalog.add_shop(conn, catalog.Shop(shop="acme", platform="shopify"))
    await store(own, [load_folder(FLOW)])
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "relevo_engine", env=environment(own))
    try:
        people = [f"cus_{n}" for n in range(5)]
        wanted = {one: "v-2" if one == "cus_4" else "v-1" for one in people}
        await publish(
            own,
            *(
                event(
                    "back_in_stock.requested",
                    one,
                    ProductRequested(
                        customer=Buyer(email=f"{one}@example.com"), product_id="41", variant_id=variant, title="Mug"
                    ),
                    now,
                )
                for one, variant in wanted.items()
            ),
        )
        assert await sent(own, 5) == [(one, "noted") for one in people]
        back = StockChanged(product_id="41", variant_id="v-1", available=30)
        await publish(own, event("product.restocked", product_key("41"), back, now + timedelta(minutes=1)))
        assert {one for one, template in await sent(own, 9) if template == "back"} == set(people[:4])
    finally:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
