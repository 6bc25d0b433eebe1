"""One shop's connection while a command works with it: the row, the API that is asked, where webhooks go."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from relevo_cli import addresses, database
from relevo_cli.errors import CommandError
from relevo_cli.ingest_use_cases import ingest_settings
from relevo_ingest.adapters.platform_requests import RequestPolicy, platform_requests
from relevo_ingest.adapters.shop_api import ConnectedShop
from relevo_ingest.connectors.connector import Connector
from relevo_ingest.connectors.platform_api import ChangeLists, PlatformApi
from relevo_ingest.connectors.platform_api import Connection as ApiConnection
from relevo_ingest.connectors.platform_url import InvalidAddress, checked_base
from relevo_ingest.connectors.registration import Registration
from relevo_ingest.connectors.registry import APIS, CONNECTORS, HISTORIES, REGISTRATIONS
from relevo_ingest.settings import IngestSettings
from relevo_runtime import connections
from relevo_runtime.clock import make_clock
from relevo_runtime.connections import ShopConnection
from relevo_runtime.postgres import Connection
from relevo_runtime.secret_keys import SecretKeys

_TRIES, _LONGEST_PAUSE = 6, 60.0
"""A person waits for it, and a history is long: more patience than a process that comes again by itself."""


class Platform(Struct, frozen=True):
    """A platform whose shops can be connected. Without a `registration` it sends no webhooks, and is polled.

    `history` lists what a shop had before; `None` where the API lists nothing.
    """

    name: str
    api: PlatformApi
    connector: Connector
    registration: Registration | None
    history: ChangeLists | None


class Session(Struct, frozen=True, kw_only=True):
    """What a command works with. `database` is its own, in no transaction."""

    settings: IngestSettings
    database: Connection
    keys: SecretKeys
    platform: Platform
    connected: ShopConnection
    api: ConnectedShop
    public_url: str
    now: datetime

    @property
    def address(self) -> str:
        """Where the platform is to deliver."""
        return f"{self.public_url}/hooks/{self.connected.shop}/{self.platform.name}"


def platform_of(name: str) -> Platform:
    """The platform of this name. Raises `CommandError` if its shops can't be connected."""
    api, connector = APIS.get(name), CONNECTORS.get(name)
    if api is None or connector is None:
        raise CommandError(f"a shop of {name!r} can't be connected by its API; these can: {', '.join(sorted(APIS))}")
    return Platform(name, api, connector, REGISTRATIONS.get(name), HISTORIES.get(name))


def address_of(url: str) -> str:
    """The address of a shop's API as it is kept. Raises `CommandError` if credentials must not go there."""
    given = url.strip()
    try:
        base = checked_base(given if "://" in given else f"https://{given}")
    except InvalidAddress as error:
        raise CommandError(f"--url: {error}") from None
    parts = urlsplit(base)
    if parts.scheme != "https" and not is_private(parts.hostname or ""):
        raise CommandError("--url begins with http://: what opens the shop would be readable on the way; use https://")
    return base


def is_private(host: str) -> bool:
    """Whether the host is one of this machine or network only."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".test"))


@contextlib.asynccontextmanager
async def open_session(
    database_: Connection, connected: ShopConnection, settings: IngestSettings
) -> AsyncIterator[Session]:
    """The session of a connection. Raises `SealingError` if its credentials can't be opened here."""
    keys, clock = SecretKeys(settings), make_clock(settings)
    platform = platform_of(connected.platform)
    given = keys.opened_credentials(connected.shop, connected.credentials)
    policy = RequestPolicy(
        tries=_TRIES, longest_pause=_LONGEST_PAUSE, rate=settings.ingest_api_rate, seconds=settings.ingest_api_timeout
    )
    async with platform_requests(policy, clock=clock) as requests:
        yield Session(
            settings=settings,
            database=database_,
            keys=keys,
            platform=platform,
            connected=connected,
            api=ConnectedShop(requests, platform.api, ApiConnection(base_url=connected.base_url, credentials=given)),
            public_url=addresses.public_url(),
            now=clock.now(),
        )


@contextlib.asynccontextmanager
async def alone(shop: str) -> AsyncIterator[tuple[Connection, IngestSettings]]:
    """A database connection of a command that is the only one to connect this shop. Raises `CommandError`."""
    settings = ingest_settings()
    async with database.connection(settings) as opened:
        if not await connections.lock(opened, shop):
            raise CommandError(f"shop {shop} is being connected by another command now")
        yield opened, settings
