"""What the suite has to know of each platform's API: the server that speaks it, and what opens it.

A line of the registries of APIs without an entry here fails.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from relevo_ingest.adapters.platform_requests import PlatformRequests, RequestPolicy
from relevo_ingest.app.poll_shops import PolledShop, PollPolicy, poll_shop
from relevo_ingest.connectors.platform_api import ApiFailure, ApiRequest, Connection, Page, Record
from relevo_ingest.connectors.registry import APIS, CONNECTORS, HISTORIES, POLLED
from relevo_ingest.core.drafts import ShopContext
from relevo_runtime.clock import SystemClock
from tests.ingest.polled_shop import MemoryLeases, MemoryShop, Shops, polling
from tests.platform_servers import bigcommerce, magento, orocommerce, prestashop, shopify, woocommerce
from tests.platform_servers.server import PlatformServer, serving

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = RequestPolicy(tries=4, first_pause=1.0, longest_pause=60.0, seconds=0.5, rate=0)


class Api(Struct, frozen=True, kw_only=True):
    """A platform's server. `lists` has the names of its lists there by those of the connector, where they differ."""

    server: Callable[[], PlatformServer]
    credentials: Mapping[str, str]
    lists: Mapping[str, str] = {}
    numbers: str = "id"


_ORO = {"companies": "customer", "customers": "customeruser", "products": "product", "orders": "order"}
_MAGENTO = {
    "customers": "/customers/search",
    "carts": "/carts/search",
    **{name: f"/{name}" for name in ("products", "orders", "invoices", "shipments", "creditmemos")},
}

SERVERS: Mapping[str, Api] = {
    "adobe-commerce": Api(server=magento.MagentoServer, credentials={"token": magento.TOKEN}, lists=_MAGENTO),
    "bigcommerce": Api(server=bigcommerce.BigCommerceServer, credentials={"access_token": bigcommerce.TOKEN}),
    "magento": Api(server=magento.MagentoServer, credentials={"token": magento.TOKEN}, lists=_MAGENTO),
    "orocommerce": Api(server=orocommerce.OroCommerceServer, credentials=orocommerce.CREDENTIALS, lists=_ORO),
    "prestashop": Api(server=prestashop.PrestaShopServer, credentials={"key": prestashop.KEY}),
    "shopify": Api(
        server=shopify.ShopifyServer,
        credentials={"access_token": shopify.TOKEN, "client_secret": shopify.SECRET},
    ),
    "woocommerce": Api(
        server=woocommerce.WooCommerceServer,
        credentials={"consumer_key": woocommerce.KEY, "consumer_secret": woocommerce.SECRET},
    ),
}
"""Each platform of the registries of APIs."""


class ListedShop:
    """A shop whose server lists what it has, and what reads it. `pauses` are those that would have been waited."""

    def __init__(self, name: str, server: PlatformServer, client: httpx.AsyncClient) -> None:
        self.name, self.server, self.entry = name, server, SERVERS[name]
        self.api, self.lists, self.connector = APIS[name], HISTORIES[name], CONNECTORS[name]
        self.connection = Connection(base_url=server.url, credentials=self.entry.credentials)
        self.pauses: list[float] = []
        self.requests = PlatformRequests(client, POLICY, clock=SystemClock(), jitter=lambda: 0.0, sleep=self._sleep)
        self.leases, self.memory = MemoryLeases(), MemoryShop()
        self.memory.now = NOON + timedelta(hours=2)
        self.arrived: list[Record] = []

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def rows(self, resource: str) -> list[dict[str, Any]]:
        """What the server has in a list."""
        server: Any = self.server
        kept: dict[str, list[dict[str, Any]]] = server.rows if hasattr(server, "rows") else server.records
        return kept.setdefault(self.entry.lists.get(resource, resource), [])

    def change(self, resource: str, number: int, at: datetime) -> None:
        """A record is made, or changes."""
        server: Any = self.server
        server.change(self.entry.lists.get(resource, resource), number, at)

    def delete(self, resource: str, number: int) -> None:
        """A record is deleted."""
        listed = self.rows(resource)
        listed[:] = [one for one in listed if str(one.get("id", one.get("entity_id"))) != str(number)]

    async def page(self, resource: str, request: ApiRequest) -> Page | ApiFailure:
        """One page, of a request that was kept meanwhile."""
        kept = msgspec.convert(msgspec.to_builtins(request), ApiRequest)
        found: Page | ApiFailure = await self.requests.converse(
            self.api, self.connection, self.lists.page(resource, kept)
        )
        return found

    async def read(self, resource: str) -> list[Record] | ApiFailure:
        """Every page of what changed in the two days."""
        found: list[Record] = []
        request: ApiRequest | None = self.lists.changed(resource, NOON - DAY, NOON + DAY)
        while request is not None:
            page = await self.page(resource, request)
            if isinstance(page, ApiFailure):
                return page
            found += page.records
            request = page.following
        return found

    async def poll(self) -> ApiFailure | None:
        """A turn of the poller."""
        shop = PolledShop(
            context=ShopContext(shop="lumen", currency="EUR"),
            connector=self.connector,
            api=self.api,
            lists=POLLED[self.name],
            connection=self.connection,
        )
        used = polling(self.memory, Shops(shop), self.leases, policy=PollPolicy(first_look=DAY))
        used = msgspec.structs.replace(used, requests=self.requests, receive=self._receive)
        [lease] = await self.leases.claim(["lumen"], 1)
        return await poll_shop(used, shop, lease)

    async def _receive(self, shop: PolledShop, records: Sequence[Record]) -> object:
        for record in records:
            assert shop.connector.mismatch(record.topic, record.body, shop.context, {}) is None
            self.arrived.append(record)
        return None


@asynccontextmanager
async def listed_shop(name: str) -> AsyncIterator[ListedShop]:
    """A shop of the platform, while the block runs."""
    async with serving(SERVERS[name].server()) as server, httpx.AsyncClient(trust_env=False) as client:
        yield ListedShop(name, server, client)
