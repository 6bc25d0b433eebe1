"""A day of a shop that is polled, from its web service to the events on Kafka, by the process that polls."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from relevo_contracts.envelope import Event
from relevo_ingest.entrypoints.polling import polling
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.catalog import Secret
from relevo_runtime.connections import ShopConnection, connect
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from tests.ingest.conftest import Ingest, tea_shop
from tests.ingest.test_prestashop import event_of
from tests.platform_servers.prestashop import KEY, PrestaShopServer
from tests.platform_servers.server import broken, serving, too_many


async def stored(ingest: Ingest, *wanted: str) -> list[Event]:
    """What is on Kafka of the shop, once all these types are."""
    while True:
        found = [event for event in await ingest.stored() if event.shop == "lumen"]
        if set(wanted) <= {event.type for event in found}:
            return found
        await asyncio.sleep(0.1)


async def connected(pool: Pool, server: PrestaShopServer) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, msgspec.structs.replace(tea_shop(), shop="lumen", platform="prestashop"))
        made = ShopConnection(
            shop="lumen",
            platform="prestashop",
            base_url=server.url,
            credentials={"key": Secret(KEY)},
            connected_at=datetime(2026, 3, 5, tzinfo=UTC),
        )
        await connect(connection, made)


async def test_a_day_of_a_polled_shop_becomes_its_events_once_each(ingest: Ingest, pool: Pool) -> None:
    quick = {"ingest_poll_interval": timedelta(milliseconds=100), "ingest_api_rate": 0.0}
    settings: IngestSettings = ingest.settings.model_copy(update=quick)
    service = Service("poller", settings)
    data = event_of("order")["data"]
    order: dict[str, Any] = {name: value for name, value in data["order"].items() if not name.startswith("date_")}
    async with serving(PrestaShopServer()) as server:
        await connected(pool, server)
        now = service.clock.now
        account = {**data["related"]["customers"][0], "newsletter_date_add": "0000-00-00 00:00:00", "passwd": "hash"}
        server.change("customers", 25, now(), **{name: account[name] for name in account if name[:5] != "date_"})
        server.rows["addresses"] = data["related"]["addresses"]
        server.change("orders", 727, now(), **order)
        async with polling(settings, service):
            await stored(ingest, "customer.created", "order.placed")
            server.faults = [too_many(0, "orders"), broken(503, "customers")]
            server.change("orders", 727, now() + timedelta(seconds=1), current_state="2")
            await stored(ingest, "order.paid")
            server.change("orders", 727, now() + timedelta(seconds=2), current_state="4", shipping_number="6A123")
            await stored(ingest, "shipment.created")
            slip: dict[str, Any] = event_of("order_slip")["data"]["order_slip"]
            server.change("order_slip", 31, now(), **{name: slip[name] for name in slip if name[:5] != "date_"})
            events = await stored(ingest, "refund.created")
    ids = [event.id for event in events]
    assert len(ids) == len(set(ids)), "each of them once"
    assert [event.type for event in events].count("order.placed") == 1
    assert len({event.key for event in events if event.type.startswith("order.")}) == 1
    assert "hash" not in str(events)
    assert service.failure is None
