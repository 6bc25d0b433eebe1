"""Which system serves a port of a shop, from the catalog, with its credentials in clear."""

from collections.abc import Mapping

from msgspec import Struct

from relevo_notifier.core.systems import Access
from relevo_runtime import catalog, systems
from relevo_runtime.catalog_cache import CatalogCache
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.systems import ShopSystem


class Known(Struct, frozen=True):
    """A system of a shop, and the shop's time zone."""

    system: ShopSystem
    timezone: str


_Known = Mapping[tuple[str, str], Known]


class ShopSystems:
    """Those of all shops; they are read again when the catalog's revision has grown."""

    def __init__(self, pool: Pool, keys: SecretKeys) -> None:
        self._keys = keys
        self._known: CatalogCache[_Known] = CatalogCache(pool, _read, {})

    async def refresh(self) -> None:
        """Read them again if the catalog has changed. Raises what the database raises."""
        await self._known.refresh()

    def access(self, shop: str, port: str) -> Access | None:
        """How the system is reached; `None`: nothing serves the port. Raises `SealingError` and `Damaged`."""
        found = self._known.value.get((shop, port))
        return access_of(self._keys, found.system, found.timezone) if found is not None else None

    def address(self, shop: str, port: str) -> str:
        """Where it is; empty if nothing serves the port."""
        found = self._known.value.get((shop, port))
        return found.system.base_url if found is not None else ""


def access_of(keys: SecretKeys, found: ShopSystem, timezone: str = "UTC") -> Access:
    """How a system of the catalog is reached. Raises `SealingError` and `Damaged`."""
    return Access(
        shop=found.shop,
        port=found.port,
        system=found.system,
        base_url=found.base_url,
        credentials=systems.opened(keys, found),
        settings=found.settings,
        timezone=timezone,
    )


async def _read(connection: Connection) -> _Known:
    zones = {shop.shop: shop.timezone for shop in await catalog.shops(connection)}
    found = await systems.systems(connection)
    return {(one.shop, one.port): Known(one, zones.get(one.shop, "UTC")) for one in found}
