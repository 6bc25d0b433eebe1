"""`relevo shops storefront`: what the browsers of a shop's visitors may tell, from which pages, and by which key."""

import asyncio
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from relevo_cli import addresses, database
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_control.app.shops import known_shop
from relevo_runtime import catalog, storefronts
from relevo_runtime.catalog import Secret
from relevo_runtime.clock import make_clock
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.storefronts import Storefront

_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_OLD_SECRET_VALID = timedelta(days=2)
_KEPT = None
"""The default of an option that leaves what there is as it is."""


class Consent(StrEnum):
    """What of visitors is kept who have not said anything yet."""

    required = "required"
    assumed = "assumed"


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was asked to change."""

    domains: tuple[str, ...] = ()
    consent: Consent | None = None
    filter_bots: bool | None = None
    new_key: bool = False
    new_secret: bool = False

    @property
    def any(self) -> bool:
        """Whether there is something to change."""
        asked = (self.domains, self.consent is not None, self.filter_bots is not None, self.new_key, self.new_secret)
        return any(asked)


def storefront(
    name: Annotated[str, typer.Argument(help="The shop.")],
    *,
    domain: Annotated[
        list[str] | None,
        typer.Option(help="Host of the shop's pages, such as www.tea.example or *.tea.example; may be repeated."),
    ] = None,
    consent: Annotated[
        Consent | None,
        typer.Option(
            help="required: nothing is kept of a visit before the visitor agrees; assumed: until they refuse."
        ),
    ] = _KEPT,
    filter_bots: Annotated[
        bool | None, typer.Option("--filter-bots/--keep-bots", help="Leave out crawlers and pages fetched in advance.")
    ] = _KEPT,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make another public key; the old one ends at once.")
    ] = False,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make a secret by which the shop's server says who is signed in.")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="Take nothing from browsers any more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Open a shop's storefront to its visitors' browsers, change it, or show what is set. See docs/storefront.md."""
    if close:
        asyncio.run(_close(name))
        out().print(f"shop {name} takes nothing from browsers any more", markup=False)
        return
    hosts = tuple(dict.fromkeys(_host(one) for one in domain or ()))
    changes = Changes(domains=hosts, consent=consent, filter_bots=filter_bots, new_key=new_key, new_secret=new_secret)
    found = asyncio.run(_change(name, changes))
    if as_json:
        print_json(_public(found))
        return
    _print(found)
    if new_secret:
        out().print(f"secret for signing who is signed in, shown once: {found.secrets[0].value}", markup=False)


def _host(given: str) -> str:
    host = given.strip().lower()
    if not _HOST.fullmatch(host):
        raise CommandError(
            f"domain {given!r} is not a host name such as www.tea.example: no https://, no port, no path"
        )
    return host


async def _change(name: str, changes: Changes) -> Storefront:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        await catalog.hold(connection)
        shop = await known_shop(connection, name)
        known = await storefronts.storefront(connection, name)
        if known is not None and not changes.any:
            return known
        domains = changes.domains or tuple(known.domains if known else filter(None, [shop.domain.rstrip(".").lower()]))
        if not domains:
            raise CommandError(f"say where the pages of shop {name!r} are: --domain www.tea.example")
        changed = _changed(known, name, domains, changes, make_clock(settings).now())
        await storefronts.set_storefront(connection, storefronts.sealed(changed, SecretKeys(settings)))
    return changed


def _changed(
    known: Storefront | None, name: str, domains: tuple[str, ...], changes: Changes, now: datetime
) -> Storefront:
    before = known or Storefront(shop=name, key=storefronts.new_key(), domains=[])
    return msgspec.structs.replace(
        before,
        key=storefronts.new_key() if changes.new_key else before.key,
        domains=list(domains),
        consent=changes.consent.value if changes.consent else before.consent,
        filter_bots=before.filter_bots if changes.filter_bots is None else changes.filter_bots,
        secrets=_rotated(before.secrets, now) if changes.new_secret else before.secrets,
    )


def _rotated(old: list[Secret], now: datetime) -> list[Secret]:
    """A new secret; those before it stay valid for a while, since pages are kept in caches."""
    until = now + _OLD_SECRET_VALID
    left = [one for one in old if one.until is None or now < one.until]
    valid = [msgspec.structs.replace(one, until=min(one.until or until, until)) for one in left]
    return [Secret(secrets.token_urlsafe(32)), *valid]


async def _close(name: str) -> None:
    async with database.transaction(addresses.settings()) as connection:
        await catalog.hold(connection)
        if not await storefronts.close_storefront(connection, name):
            raise CommandError(f"shop {name!r} has no storefront: nothing was changed")


def _print(front: Storefront) -> None:
    base = addresses.settings().public_url
    rule = "before the visitor agrees, nothing of a visit is kept"
    if front.consent == "assumed":
        rule = "visits are kept until the visitor refuses"
    mode = ' data-consent="assumed"' if front.consent == "assumed" else ""
    for line in (
        f"shop {front.shop} takes what browsers tell at POST /t/{front.shop}",
        f"from pages at {', '.join(front.domains)}; {rule}",
        f"crawlers {'are left out' if front.filter_bots else 'count as visitors'}; "
        f"{len(front.secrets)} secret{'s' * (len(front.secrets) != 1)} for who is signed in",
        "in every page:",
        f'<script async src="{base}/relevo.js" data-shop="{front.shop}" data-key="{front.key}"{mode}></script>',
    ):
        out().print(line, markup=False, soft_wrap=True)


def _public(front: Storefront) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(front)
    return {**fields, "secrets": [{"until": secret.until} for secret in front.secrets]}
