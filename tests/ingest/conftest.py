"""A running ingest on the real broker and database, with one shop, and what it wrote."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiokafka
import httpx
import msgspec
import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.topics import EVENTS, UNRECOGNISED
from relevo_ingest.connectors.shopify.signature import sign_shopify
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from tests.conftest import SettingsFactory
from tests.ingest.webhooks import body_of, fixture
from tests.sealed import in_clear

SECRET = "shpss-the-secret-of-the-tests"
OLD_SECRET = "shpss-the-secret-before"
EXPIRED = "shpss-a-secret-long-gone"
TOKEN = "token-of-the-erp"
NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)


class Ingest:
    """Sends to a running ingest as a shop does, and reads what it stored."""

    def __init__(self, client: httpx.AsyncClient, settings: IngestSettings, service: Service) -> None:
        self.client = client
        self.settings = settings
        self.service = service

    async def webhook(
        self, topic: str, body: bytes | None = None, *, secret: str = SECRET, delivery: str = "w-1", **headers: str
    ) -> httpx.Response:
        content = body_of(fixture(topic)) if body is None else body
        signed = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Webhook-Id": delivery,
            "X-Shopify-Hmac-Sha256": sign_shopify(secret, content),
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/hooks/tea/shopify", content=content, headers=signed | given)

    async def send(self, body: bytes, query: str = "", *, token: str = TOKEN, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        whole = {"Authorization": f"Bearer {token}"} | given
        return await self.client.post(f"/events/tea{query}", content=body, headers=whole)

    async def stored(self) -> list[Event]:
        return [msgspec.json.decode(value, type=Event) for _, value in await self.messages(EVENTS)]

    async def unrecognised(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(value) for _, value in await self.messages(UNRECOGNISED)]

    async def messages(self, topic: str) -> list[tuple[bytes, bytes]]:
        """Everything on the topic up to now."""
        name = self.settings.topic(topic)
        consumer = aiokafka.AIOKafkaConsumer(
            name, bootstrap_servers=self.settings.kafka, group_id=None, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            places = [aiokafka.TopicPartition(name, n) for n in range(self.settings.partitions)]
            most = sum((await consumer.end_offsets(places)).values())
            found: list[tuple[bytes, bytes]] = []
            while len(found) < most:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += [(record.key, record.value) for record in records]
            return await in_clear(self.settings, found)
        finally:
            await consumer.stop()


def tea_shop() -> catalog.Shop:
    """A shop with two valid secrets, as while one rotates, and one that has ended."""
    return catalog.Shop(
        shop="tea",
        platform="shopify",
        secrets=[
            catalog.Secret(SECRET),
            catalog.Secret(OLD_SECRET, NOW + timedelta(days=3650)),
            catalog.Secret(EXPIRED, NOW - timedelta(days=3650)),
        ],
        token_hashes=[hashlib.sha256(token.encode()).hexdigest() for token in ("an-older-token", TOKEN)],
        locale="en-US",
        currency="USD",
    )


@pytest.fixture
async def tea(pool: Pool) -> catalog.Shop:
    shop = tea_shop()
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, shop)
    return shop


@pytest.fixture
async def ingest(settings: SettingsFactory, topics: list[str], tea: catalog.Shop) -> AsyncIterator[Ingest]:
    """Ingest with one shop, `tea`, in US dollars. Its clock is the system's."""
    assert topics
    assert tea
    # No test waits for the next look at the catalog, so what passes does not depend on it.
    own = settings(IngestSettings, ingest_port=0, ingest_shops_interval=60, ingest_shops_forced=0.01)
    service = Service("ingest", own)
    async with (
        running(own, service) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield Ingest(client, own, service)


@pytest.fixture
async def ingest_without_kafka(settings: SettingsFactory, tea: catalog.Shop) -> AsyncIterator[Ingest]:
    """Ingest whose Kafka is a port where nothing listens."""
    assert tea
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    closed = server.sockets[0].getsockname()[1]
    server.close()
    own = settings(IngestSettings, ingest_port=0, kafka=f"127.0.0.1:{closed}", ingest_budget=1.0)
    service = Service("ingest", own)
    async with (
        running(own, service) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield Ingest(client, own, service)
