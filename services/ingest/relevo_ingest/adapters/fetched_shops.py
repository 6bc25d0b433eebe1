"""Which shops' APIs can be asked for what their webhooks name: those that are connected."""

import msgspec

from relevo_ingest.adapters.shops import Shops
from relevo_ingest.app.fetching import FetchedShop, NotConnected
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.connectors.platform_api import Connection
from relevo_ingest.connectors.registry import APIS, CONNECTORS, FETCHES
from relevo_ingest.core.errors import Busy
from relevo_runtime.connections import ShopConnection
from relevo_runtime.connections import connection as connection_of
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.postgres import Pool, temporary
from relevo_runtime.secret_keys import SecretKeys


class CatalogFetchedShops:
    """Reads the connection each time: one that was mended or removed counts at once."""

    def __init__(self, pool: Pool, shops: Shops, keys: SecretKeys) -> None:
        self._pool = pool
        self._shops = shops
        self._keys = keys

    async def get(self, shop: str, platform: str) -> FetchedShop | NotConnected:
        """The shop, or why its API can't be asked. Raises `Busy`, also while the shop is held."""
        known, connector = await self._shops.get(shop), CONNECTORS.get(platform)
        if known is None or connector is None:
            return NotConnected("there is no such shop")
        if known.held:
            raise Busy(known.held)
        reads = msgspec.structs.replace(context(known), types=self._shops.types(shop))
        api, fetches, connection = APIS.get(platform), FETCHES.get(platform), await self._connection(shop)
        if api is None or fetches is None or connection is None:
            reason = f"it only names what has changed, and the shop is not connected: `relevo connect {shop}`"
            return NotConnected(reason, connector, reads)
        try:
            credentials = self._keys.opened_credentials(shop, connection.credentials)
        except RuntimeFault as fault:
            raise Busy(f"the credentials of {shop} can't be opened: {fault}") from fault
        return FetchedShop(
            context=reads,
            connector=connector,
            api=api,
            fetches=fetches,
            connection=Connection(base_url=connection.base_url, credentials=credentials),
        )

    async def _connection(self, shop: str) -> ShopConnection | None:
        try:
            async with self._pool.acquire() as connection:
                return await connection_of(connection, shop)
        except Exception as error:
            if temporary(error):
                raise Busy(f"the database can't be asked now: {error!r}") from error
            raise
