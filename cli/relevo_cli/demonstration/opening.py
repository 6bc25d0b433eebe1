"""Opens the sample shop on its platform: its own API answers, and the database knows it before the services start."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from relevo_cli import database
from relevo_cli.processes import HOST
from relevo_cli.sample_shop import bodies
from relevo_cli.sample_shop.days.shop_events import Place, Platform, ShopServer
from relevo_cli.sample_shop.recording import DOMAIN, SHOP
from relevo_runtime import catalog, connections, storefronts
from relevo_runtime.catalog import Shop
from relevo_runtime.http import serve
from relevo_runtime.postgres import Connection
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.settings import RuntimeSettings


class OpenedShop:
    """The sample shop. `name` is how ingest knows it, once it is furnished; `settings` are ingest's."""

    def __init__(self, platform: Platform, server: ShopServer | None, api: str, now: datetime) -> None:
        self.name = SHOP
        self.server = server
        self.settings = server.settings(api) if server is not None else {}
        self._platform = platform
        self._api = api
        self._now = now

    async def furnish(self, settings: RuntimeSettings) -> None:
        """Make it known, under a name of its own where the database was there before."""
        keys = SecretKeys(settings)
        async with database.transaction(settings) as connection:
            taken = {known.shop for known in await catalog.shops(connection)}
            number = sum(name.startswith(SHOP) for name in taken)
            self.name = f"{SHOP}-{number + 1}" if number else SHOP
            place = self._platform.place(_shop(self.name, self._platform), self._api, self._now)
            await _save(connection, place, keys)


async def _save(connection: Connection, place: Place, keys: SecretKeys) -> None:
    await catalog.add_shop(connection, keys.sealed_shop(place.shop))
    if place.storefront is not None:
        await storefronts.set_storefront(connection, storefronts.sealed(place.storefront, keys))
    if place.connection is not None:
        opened = {name: secret.value for name, secret in place.connection.credentials.items()}
        sealed = keys.sealed_credentials(place.shop.shop, opened)
        await connections.connect(connection, msgspec.structs.replace(place.connection, credentials=sealed))


def _shop(name: str, platform: Platform) -> Shop:
    return Shop(
        shop=name,
        platform=platform.name,
        name="Casa Lumen",
        domain=DOMAIN,
        email_from="Casa Lumen <hello@casa-lumen.example.com>",
        sms_from="+12025550100",
        locale="en",
        timezone=bodies.SHOP_ZONE.key,
        currency=bodies.CURRENCY,
        postal_address="Casa Lumen, Calle Mayor 1, 28013 Madrid",
        quiet_hours="21:00-08:00",
    )


@contextlib.asynccontextmanager
async def opened_shop(platform: Platform, now: datetime) -> AsyncIterator[OpenedShop]:
    """The shop, whose API answers while the block runs, if its platform is asked for anything."""
    server = platform.server()
    if server is None:
        yield OpenedShop(platform, None, "", now)
        return
    async with serve(server.app, HOST, 0, stop_timeout=1) as port:
        yield OpenedShop(platform, server, f"http://{HOST}:{port}", now)
