"""Shops as people name them, and as they are shown: without their secrets."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from relevo_contracts.link_rules import LinkRules
from relevo_control.app.errors import NotKnownError, unknown_shop
from relevo_control.app.pages import Page, Turn
from relevo_runtime import catalog, pauses
from relevo_runtime.catalog import Shop
from relevo_runtime.pauses import Pause
from relevo_runtime.postgres import Connection


class SecretView(Struct, frozen=True):
    """A secret as it is shown: until when it holds."""

    until: datetime | None


class ShopView(Struct, frozen=True, kw_only=True):
    """What may be seen of a shop: of secrets how long they hold, of tokens how many there are, of pauses all."""

    shop: str
    platform: str
    name: str
    domain: str
    secrets: list[SecretView]
    token_hashes: int
    task_token_hashes: int
    email_from: str
    sms_from: str
    locale: str
    timezone: str
    currency: str
    postal_address: str
    quiet_hours: str
    links: LinkRules
    held_at: datetime | None
    moved_to: str
    held: str
    paused: list[Pause]


async def known_shop(connection: Connection, name: str) -> Shop:
    """The shop of this name. Raises `NotKnownError` if the catalog has none."""
    shop = await catalog.shop(connection, name)
    if shop is None:
        raise NotKnownError(unknown_shop(name))
    return shop


async def list_shops(
    connection: Connection, among: Collection[str] | None, turn: Turn[tuple[str, ...]]
) -> Page[ShopView]:
    """A page of the shops `among` these (`None`: of all), by name."""
    after = turn.after[0] if turn.after else ""
    found = await catalog.shops(connection, after=after, among=among, limit=turn.limit + 1)
    paused = await pauses.paused(connection, [one.shop for one in found])
    return turn.page([_view(one, paused) for one in found], lambda one: (one.shop,))


async def shop(connection: Connection, name: str) -> ShopView:
    """One shop. Raises `NotKnownError`."""
    return _view(await known_shop(connection, name), await pauses.paused(connection, [name]))


async def resume(connection: Connection, name: str, service: str) -> list[Pause]:
    """Lets a shop go on that was paused (by `service`; empty: by all). Raises `NotKnownError` if it was not."""
    ended = await pauses.resume(connection, name, service)
    if not ended:
        by = f" by {service}" if service else ""
        raise NotKnownError(f"shop {name!r} is not paused{by}; `relevo shops list` tells which are")
    return ended


def _view(one: Shop, paused: Sequence[Pause]) -> ShopView:
    counted = {"secrets", "token_hashes", "task_token_hashes", "held", "paused"}
    fields = {name: getattr(one, name) for name in ShopView.__struct_fields__ if name not in counted}
    return ShopView(
        **fields,
        secrets=[SecretView(secret.until) for secret in one.secrets],
        token_hashes=len(one.token_hashes),
        task_token_hashes=len(one.task_token_hashes),
        held=one.held,
        paused=[pause for pause in paused if pause.shop == one.shop],
    )
