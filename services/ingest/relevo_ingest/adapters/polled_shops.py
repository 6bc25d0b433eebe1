"""Which shops are polled: those of the catalog that are connected, and whose platform has lists that are asked for."""

import logging
from collections.abc import Mapping

import msgspec

from relevo_ingest.adapters.shops import Shops
from relevo_ingest.app.poll_shops import PolledShop
from relevo_ingest.app.shop_contexts import context
from relevo_ingest.connectors.platform_api import Connection
from relevo_ingest.connectors.registry import APIS, CONNECTORS, POLLED
from relevo_ingest.core.errors import Busy
from relevo_runtime.connections import ShopConnection, connections
from relevo_runtime.errors import RuntimeFault
from relevo_runtime.postgres import Pool, temporary
from relevo_runtime.secret_keys import SecretKeys

_log = logging.getLogger(__name__)


class CatalogPolledShops:
    """Reads the connections each time: they are few, and a shop that was disconnected is left alone at once."""

    def __init__(self, pool: Pool, shops: Shops, keys: SecretKeys) -> None:
        self._pool = pool
        self._shops = shops
        self._keys = keys

    async def all(self) -> Mapping[str, PolledShop]:
        """Each by its name. One whose credentials can't be opened is told and left out. Raises `Busy`."""
        try:
            async with self._pool.acquire() as connection:
                known = await connections(connection)
        except Exception as error:
            if temporary(error):
                raise Busy(f"the database can't be asked now: {error!r}") from error
            raise
        found = {one.shop: await self._polled(one) for one in known if one.platform in POLLED}
        return {name: one for name, one in found.items() if one is not None}

    async def _polled(self, known: ShopConnection) -> PolledShop | None:
        shop = await self._shops.get(known.shop)
        if shop is None or shop.held:  # it is being moved to another cell
            return None
        try:
            credentials = self._keys.opened_credentials(known.shop, known.credentials)
        except RuntimeFault as fault:
            _log.warning("%s can't be asked: %s", known.shop, fault, extra={"repeats": known.shop})
            return None
        return PolledShop(
            context=msgspec.structs.replace(
                context(shop, self._shops.own_fields(known.shop)), types=self._shops.types(known.shop)
            ),
            connector=CONNECTORS[known.platform],
            api=APIS[known.platform],
            lists=POLLED[known.platform],
            connection=Connection(base_url=known.base_url, credentials=credentials),
        )
