"""Connects a shop: keeps how it is reached, registers its webhooks, verifies that they get here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from relevo_cli.commands.shop_checks import check_shop
from relevo_cli.commands.shops import QUIET_HOURS
from relevo_cli.connecting import access, history, reachability, webhooks
from relevo_cli.connecting.report import ConnectReport
from relevo_cli.connecting.session import Platform, Session, is_private, open_session
from relevo_cli.errors import CommandError
from relevo_ingest.app.register_webhooks import StepResult
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog, connections
from relevo_runtime.catalog import Shop
from relevo_runtime.clock import make_clock
from relevo_runtime.connections import ShopConnection
from relevo_runtime.postgres import Connection
from relevo_runtime.secret_keys import SecretKeys


class ConnectionRequest(Struct, frozen=True):
    """How a shop is to be reached from now on."""

    shop: str
    platform: Platform
    base_url: str
    credentials: Mapping[str, str]

    def __repr__(self) -> str:
        return f"ConnectionRequest(shop={self.shop!r}, base_url={self.base_url!r}, credentials='********')"


async def existing_connection(database: Connection, shop: str) -> ShopConnection:
    """How the shop is reached. Raises `CommandError` if it was never connected."""
    found = await connections.connection(database, shop)
    if found is None:
        raise CommandError(
            f"shop {shop} is not connected yet: `relevo connect {shop} --platform P --url https://…` connects it"
        )
    return found


async def verified_connection(
    database: Connection, settings: IngestSettings, wanted: ConnectionRequest
) -> ShopConnection:
    """The connection as it is to be kept, once its credentials open the API. Raises `CommandError` if they don't."""
    keys, now = SecretKeys(settings), make_clock(settings).now()
    before = await connections.connection(database, wanted.shop)
    same = before is not None and (before.platform, before.base_url) == (wanted.platform.name, wanted.base_url)
    made = ShopConnection(
        shop=wanted.shop,
        platform=wanted.platform.name,
        base_url=wanted.base_url,
        credentials=keys.sealed_credentials(wanted.shop, wanted.credentials),
        settings=before.settings if before is not None and same else {},
        registered=before.registered if before is not None and same else {},
        connected_at=before.connected_at if before is not None and same else now,
    )
    async with open_session(database, made, settings) as session:
        found = await access.check_access(session)
    if found and all(one.failure for one in found):
        raise CommandError(f"the shop can't be read, and nothing was kept: {found[0].failure}")
    return made


async def save_connection(
    database: Connection, settings: IngestSettings, made: ShopConnection, wanted: ConnectionRequest
) -> None:
    """Keeps the connection, and the secret of its webhooks; a shop that was not known is known from now on."""
    keys, now = SecretKeys(settings), make_clock(settings).now()
    async with database.transaction():
        await catalog.hold(database)
        shop = await catalog.shop(database, made.shop)
        after = _with_secret(shop or _new(made), wanted, keys, now)
        if shop is None:
            await catalog.add_shop(database, keys.sealed_shop(after))
        elif after != shop:
            await catalog.update_shop(database, keys.sealed_shop(after))
        before = await connections.connection(database, made.shop)
        if before is None or (before.platform, before.base_url) != (made.platform, made.base_url):
            await history.forget(database, made.shop)
        await connections.connect(database, made)


async def reconcile(session: Session, report: webhooks.Report, *, patience: float = 15.0) -> ConnectReport:
    """Registers what is missing, repairs what broke, and looks whether the platform gets here."""
    started = make_clock(session.settings).now()
    registration = session.platform.registration
    found = await access.check_access(session)
    done: Sequence[StepResult] | None = None
    reached = None
    if registration is not None:
        _check_address(session)
        done = await webhooks.reconcile(session, registration, report)
        called = registration.pings and any(one.step.do in ("create", "replace") and one.webhook for one in done)
        reached = await reachability.check_reachability(session, since=started, called=called, patience=patience)
    return ConnectReport(
        shop=session.connected.shop, address=session.address, access=found, webhooks=done, reached=reached
    )


def _with_secret(shop: Shop, wanted: ConnectionRequest, keys: SecretKeys, now: datetime) -> Shop:
    platform = wanted.platform
    if shop.platform != platform.name:
        raise CommandError(
            f"shop {shop.shop} is on {shop.platform}, not on {platform.name}: `relevo shops update {shop.shop}"
            f" --platform {platform.name}` changes that"
        )
    if platform.registration is None:
        return shop
    after = webhooks.with_secret(shop, platform.registration, dict(wanted.credentials), keys, now)
    return shop if after == keys.opened_shop(shop)[0] else after


def _new(made: ShopConnection) -> Shop:
    host = urlsplit(made.base_url).hostname or ""
    shop = Shop(
        shop=made.shop,
        platform=made.platform,
        name=made.shop,
        domain="" if is_private(host) else host,
        quiet_hours=QUIET_HOURS,
    )
    check_shop(shop)
    return shop


def _check_address(session: Session) -> None:
    """Raises `CommandError` rather than having a shop elsewhere deliver to an address that it can't reach."""
    here, there = (urlsplit(url).hostname or "" for url in (session.public_url, session.connected.base_url))
    if is_private(here) and not is_private(there):
        raise CommandError(
            f"{session.public_url} is an address of this machine or network, which {there} can't reach: set"
            " RELEVO_PUBLIC_URL to the address that the Internet has for ingest, and run this again"
        )
