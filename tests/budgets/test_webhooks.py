"""What a hundred webhooks that come together cost in round trips to PostgreSQL and requests to Kafka.

As in `test_round_trips`: the counts are those of today, exact on any machine.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.recorded import requests
from relevo_ingest.adapters.counters import MetricCounters
from relevo_ingest.adapters.erasing_event_log import ErasingEventLog
from relevo_ingest.adapters.erasures import PendingErasures
from relevo_ingest.adapters.event_log import KafkaEventLog
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.adapters.ids import EventIds
from relevo_ingest.adapters.notifications import KeptNotifications
from relevo_ingest.adapters.states import KnownStates
from relevo_ingest.app.event_store import Receipt
from relevo_ingest.app.ports import IngestDependencies, Outcome
from relevo_ingest.app.receive_webhook import Delivery, Webhook, receive_webhooks
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_ingest.core.drafts import DEFAULT_LIMITS, ShopContext
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import Pool, open_pool
from relevo_runtime.sealing import Seals
from tests.budgets.counting import counted, kafka_requests
from tests.conftest import SettingsFactory

TOGETHER = 100
OF_NEW_CUSTOMERS = 4
"""Their keys; which seals they have, new ones, and these as they are kept now."""
OF_KNOWN_CUSTOMERS = 2
SHOP = ShopContext(shop="bench", currency="USD", region="US")


def _deliveries(name: str) -> list[Delivery]:
    """One webhook of each of a hundred customers, the same each time but for the deliveries' ids."""
    shopify = CONNECTORS["shopify"]
    return [
        Delivery.of(
            SHOP,
            Webhook(
                connector=shopify,
                headers={"x-shopify-topic": "checkouts/create", "x-shopify-webhook-id": f"{name}{n}"},
                body=request.partition(b"\r\n\r\n")[2],
                received=datetime.now(UTC),
            ),
        )
        for n, request in enumerate(requests(TOGETHER))
    ]


def _dependencies(pool: Pool, publisher: Publisher) -> IngestDependencies:
    log = ErasingEventLog(KafkaEventLog(publisher, most_waiting=1000), pool)
    return IngestDependencies(
        keys=Identity(pool),
        states=KnownStates(pool, SystemClock()),
        log=log,
        erasures=PendingErasures(pool, log.events),
        ids=EventIds(pool),
        notifications=KeptNotifications(pool),
        counters=MetricCounters(Metrics("ingest")),
        limits=DEFAULT_LIMITS,
        budget=60.0,
    )


async def _received(deps: IngestDependencies, name: str) -> None:
    found: dict[int, Outcome[Receipt]] = {}
    await receive_webhooks(deps, _deliveries(name), found.__setitem__)
    assert all(isinstance(one, Receipt) and len(one.events) == 1 for one in found.values())
    assert len(found) == TOGETHER


async def test_a_hundred_webhooks_that_come_together(
    database: str, settings: SettingsFactory, topics: list[str]
) -> None:
    assert topics
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        async with counted(database, Path(folder)) as (dsn, trips):
            pool = await open_pool(dsn, application_name="budget", min_size=1, max_size=1)
            async with pool, Publisher(settings(), seals=Seals(pool, settings())) as publisher:
                deps = _dependencies(pool, publisher)
                await _received(deps, "warm-")
                await pool.execute("truncate ingest.alias, catalog.data_key")
                for name, limit in (("new-", OF_NEW_CUSTOMERS), ("known-", OF_KNOWN_CUSTOMERS)):
                    trips.reset()
                    with kafka_requests() as asked:
                        await _received(deps, name)
                    assert trips.count <= limit, name
                    assert asked["Produce"] <= settings().partitions
