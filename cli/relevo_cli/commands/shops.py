"""`relevo shops`: which shops there are, and their secrets."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.commands import moves, pauses, shop_links, storefronts
from relevo_cli.commands.shop_checks import CUSTOM, PLATFORMS, SHORTEST, check_shop
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_cli.operations import operations
from relevo_contracts.link_rules import LinkRules
from relevo_control.app.shops import ShopView, known_shop
from relevo_ingest.connectors.registry import CONNECTORS
from relevo_runtime import catalog
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.clock import make_clock
from relevo_runtime.secret_keys import SecretKeys

QUIET_HOURS = "21:00-08:00"
"""The hours in which a new shop sends no marketing, unless it says otherwise."""
_FIELDS = {"events": "token_hashes", "tasks": "task_token_hashes"}

Name = Annotated[str, typer.Argument(help="The shop.")]
Title = Annotated[str, typer.Option(help="The name that customers read; NAME if it is not given.")]
_PLATFORM = typer.Option(help=f"The shop system: {', '.join(CONNECTORS)}; or {CUSTOM}, for CloudEvents alone.")
_DOMAIN = typer.Option(help="The shop's domain; webhooks that name another one make no events.")
_EMAIL_FROM = typer.Option(help="Sender of e-mails: address, or Name <address>.")
_SMS_FROM = typer.Option(help="Sender of SMS, E.164.")
_LOCALE = typer.Option(help="Language for customers whose own is unknown, such as en or es-ES.")
_TIMEZONE = typer.Option(help="IANA name, such as Europe/Madrid.")
_CURRENCY = typer.Option(help="ISO 4217 code.")
_ADDRESS_LINE = typer.Option(help="Postal address in one line; it stands at the end of marketing e-mails.")
_QUIET = typer.Option(help="Hours without marketing, local time of the recipient, such as 21:00-08:00; or none.")
_UNCHANGED = None
"""The default of an option that leaves what there is as it is."""


class TokenPurpose(StrEnum):
    """What a token opens."""

    events = "events"
    tasks = "tasks"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Make shops known, list and change them, rotate their secrets.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_shops)
    group.command("update")(update)
    group.command("rotate-secret")(rotate_secret)
    group.command("add-token")(add_token)
    group.command("remove-token")(remove_token)
    for command in (storefronts.storefront, pauses.resume, moves.move):
        group.command(command.__name__)(command)
    app.add_typer(group, name="shops")


def add(
    name: Annotated[str, typer.Argument(help="Lower-case name; it is part of the webhook address.")],
    *,
    platform: Annotated[str, _PLATFORM],
    secret: Annotated[str, typer.Option(help="The secret with which the shop signs its webhooks.")] = "",
    token: Annotated[
        list[str] | None, typer.Option(help="Bearer token for POST /events/NAME; may be repeated.")
    ] = None,
    task_token: Annotated[
        list[str] | None, typer.Option(help="Bearer token for /tasks/NAME of the engine; may be repeated.")
    ] = None,
    title: Title = "",
    domain: Annotated[str, _DOMAIN] = "",
    email_from: Annotated[str, _EMAIL_FROM] = "",
    sms_from: Annotated[str, _SMS_FROM] = "",
    locale: Annotated[str, _LOCALE] = "en",
    timezone: Annotated[str, _TIMEZONE] = "UTC",
    currency: Annotated[str, _CURRENCY] = "EUR",
    postal_address: Annotated[str, _ADDRESS_LINE] = "",
    quiet_hours: Annotated[str, _QUIET] = QUIET_HOURS,
    tracking: shop_links.Tracking = _UNCHANGED,
    tracking_consent: shop_links.TrackingConsent = _UNCHANGED,
    track_transactional: shop_links.TrackTransactional = _UNCHANGED,
    track_sms: shop_links.TrackSms = _UNCHANGED,
    utm: shop_links.Utm = _UNCHANGED,
    utm_hosts: shop_links.UtmHosts = _UNCHANGED,
) -> None:
    """Make a shop known. Its webhooks are taken from now on at /hooks/NAME/PLATFORM, its events at /events/NAME."""
    links = shop_links.LinkOptions(tracking, tracking_consent, track_transactional, track_sms, utm, utm_hosts)
    if secret and platform == CUSTOM:
        raise CommandError(f"a {CUSTOM} shop has no webhooks to sign: leave --secret out, or name its platform")
    if not secret and platform in PLATFORMS and platform != CUSTOM:
        raise CommandError(f"--secret is missing: the one with which {platform} signs this shop's webhooks")
    shop = Shop(
        shop=name,
        platform=platform,
        name=title or name,
        domain=domain,
        secrets=[Secret(secret)] if secret or platform != CUSTOM else [],
        token_hashes=[_hashed(value) for value in token or []],
        task_token_hashes=[_hashed(value) for value in task_token or []],
        email_from=email_from,
        sms_from=sms_from,
        locale=locale,
        timezone=timezone,
        currency=currency,
        postal_address=postal_address.strip(),
        quiet_hours=_quiet(quiet_hours),
        links=links.over(LinkRules()),
    )
    check_shop(shop)
    asyncio.run(_add(shop))
    hooks = f"; its webhooks go to POST /hooks/{name}/{platform}" if shop.secrets else ""
    out().print(f"shop {name} is known{hooks}", markup=False)
    if shop.token_hashes:
        out().print(f"with its token, events go to POST /events/{name}", markup=False)
    for lack in missing(shop):
        out().print(lack, markup=False, soft_wrap=True)


def missing(shop: Shop | ShopView) -> list[str]:
    """What a shop still needs before it can receive and send everything: one sentence each, with the command."""
    update = f"`relevo shops update {shop.shop}"
    lacks = [
        (shop.email_from, f'no e-mail can be sent: {update} --email-from "{shop.name} <hello@…>"` sets the sender'),
        (shop.sms_from, f"no SMS can be sent: {update} --sms-from +…` sets the sender"),
        (
            shop.postal_address,
            f'marketing e-mails have no postal address, which laws ask for: {update} --postal-address "…"` sets it',
        ),
        (
            shop.secrets or shop.token_hashes,
            f"nothing can be received: `relevo shops add-token {shop.shop} --for events --token …` lets systems send",
        ),
    ]
    return [sentence for has, sentence in lacks if not has]


def _quiet(value: str) -> str:
    return "" if value.strip().lower() in ("", "none") else value.strip()


def update(
    name: Name,
    *,
    title: Annotated[str | None, typer.Option(help="The name that customers read.")] = _UNCHANGED,
    platform: Annotated[str | None, _PLATFORM] = _UNCHANGED,
    domain: Annotated[str | None, _DOMAIN] = _UNCHANGED,
    email_from: Annotated[str | None, _EMAIL_FROM] = _UNCHANGED,
    sms_from: Annotated[str | None, _SMS_FROM] = _UNCHANGED,
    locale: Annotated[str | None, _LOCALE] = _UNCHANGED,
    timezone: Annotated[str | None, _TIMEZONE] = _UNCHANGED,
    currency: Annotated[str | None, _CURRENCY] = _UNCHANGED,
    postal_address: Annotated[str | None, _ADDRESS_LINE] = _UNCHANGED,
    quiet_hours: Annotated[str | None, _QUIET] = _UNCHANGED,
    tracking: shop_links.Tracking = _UNCHANGED,
    tracking_consent: shop_links.TrackingConsent = _UNCHANGED,
    track_transactional: shop_links.TrackTransactional = _UNCHANGED,
    track_sms: shop_links.TrackSms = _UNCHANGED,
    utm: shop_links.Utm = _UNCHANGED,
    utm_hosts: shop_links.UtmHosts = _UNCHANGED,
) -> None:
    """Change what is known of a shop; what is not given stays as it is."""
    fields = {"name": title, "domain": domain, "email_from": email_from, "sms_from": sms_from}
    fields |= {"locale": locale, "timezone": timezone, "currency": currency, "postal_address": postal_address}
    fields["platform"] = platform
    fields["quiet_hours"] = None if quiet_hours is None else _quiet(quiet_hours)
    given = {field: value for field, value in fields.items() if value is not _UNCHANGED}
    links = shop_links.LinkOptions(tracking, tracking_consent, track_transactional, track_sms, utm, utm_hosts)
    if not given and not links.any():
        raise CommandError("nothing to change: say what, such as --title; `relevo shops update --help` has the options")

    def change(shop: Shop, _: datetime) -> Shop:
        return msgspec.structs.replace(shop, **given, links=links.over(shop.links))

    asyncio.run(_change(name, change))
    out().print(f"shop {name} is changed; the services know within a few seconds", markup=False)


def add_token(
    name: Name,
    *,
    token: Annotated[str, typer.Option(help="The new bearer token.")],
    purpose: Annotated[
        TokenPurpose, typer.Option("--for", help="events: POST /events/NAME; tasks: /tasks/NAME of the engine.")
    ],
) -> None:
    """Accept one more bearer token, for one purpose."""
    hashed, field = _hashed(token), _FIELDS[purpose]

    def change(shop: Shop, _: datetime) -> Shop:
        known: list[str] = getattr(shop, field)
        return msgspec.structs.replace(shop, **{field: [*known, *([] if hashed in known else [hashed])]})

    asyncio.run(_change(name, change))
    out().print(f"shop {name} accepts the token for {purpose.value}", markup=False)


def remove_token(
    name: Name,
    *,
    token: Annotated[str, typer.Option(help="The token; or say --all.")] = "",
    purpose: Annotated[TokenPurpose, typer.Option("--for", help="What it was for.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Every token of this purpose, also forgotten ones.")
    ] = False,
) -> None:
    """Accept a bearer token no longer."""
    if bool(token) == everything:
        raise CommandError("say either which token to remove (--token T), or --all")
    field = _FIELDS[purpose]

    def change(shop: Shop, _: datetime) -> Shop:
        known: list[str] = getattr(shop, field)
        left = [] if everything else [one for one in known if one != catalog.hash_token(token)]
        if len(left) == len(known):
            raise CommandError(f"shop {name!r} has no such token for {purpose.value}: nothing was removed")
        return msgspec.structs.replace(shop, **{field: left})

    changed = asyncio.run(_change(name, change))
    left = len(getattr(changed, field))
    out().print(f"removed; shop {name} has {left} token{'s' * (left != 1)} for {purpose.value} left", markup=False)


def list_shops(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the shops, without their secrets, and tell which are paused."""
    found = asyncio.run(operations().shops())
    if as_json:
        print_json([_public(shop) for shop in found])
        return
    held = {shop.shop: shop for shop in found if shop.held}
    for pause in (one for shop in found if shop.shop not in held for one in shop.paused):
        out().print(pauses.describe_pause(pause), markup=False, soft_wrap=True)
    if not found:
        out().print("no shop is known yet; add one with `relevo shops add NAME --platform shopify --secret S`")
        return
    table = Table("shop", "sender", "locale, zone, currency", "secrets", "tokens")
    for shop in found:
        place = "\n".join((shop.locale, shop.timezone, shop.currency))
        tokens = f"{shop.token_hashes} events\n{shop.task_token_hashes} tasks"
        name = "\n".join(filter(None, (shop.shop, shop.platform, shop.domain)))
        table.add_row(*map(escape, (name, shop.email_from or "none", place)), str(len(shop.secrets)), tokens)
    out().print(table)
    for name, shop in held.items():
        out().print(f"{name}: HELD: {shop.held}{f', {shop.moved_to}' if shop.moved_to else ''}", markup=False)
    for shop in (one for one in found if one.shop not in held):
        for lack in missing(shop):
            out().print(f"{shop.shop}: {lack}", markup=False, soft_wrap=True)


def rotate_secret(
    name: Name,
    secret: Annotated[str, typer.Option(help="The new secret.")],
    keep: Annotated[float, typer.Option(min=0, help="Hours for which the old secret stays valid beside it.")] = 24,
) -> None:
    """Add a new webhook secret; the old one stays valid for a while, since shops rotate with a lag."""
    until = asyncio.run(_rotate(name, secret, timedelta(hours=keep)))
    old = f", and the old one until {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""
    out().print(f"shop {name} takes the new secret now{old}", markup=False)


async def _add(shop: Shop) -> None:
    settings = addresses.settings()
    sealed = SecretKeys(settings).sealed_shop(shop)
    async with database.transaction(settings) as connection:
        await catalog.add_shop(connection, sealed)


async def _rotate(name: str, secret: str, keep: timedelta) -> datetime | None:
    keys = SecretKeys(addresses.settings())

    def change(sealed: Shop, now: datetime) -> Shop:
        shop, _ = keys.opened_shop(sealed)
        until = now + keep
        old = [
            msgspec.structs.replace(known, until=min(known.until or until, until))
            for known in shop.secrets
            if (known.until is None or now < known.until) and known.value != secret
        ]
        return msgspec.structs.replace(shop, secrets=[Secret(secret), *old])

    changed = await _change(name, change)
    return max((one.until for one in changed.secrets if one.until is not None), default=None)


async def _change(name: str, change: Callable[[Shop, datetime], Shop]) -> Shop:
    """Replaces what is known of a shop by what `change` makes of it; one change of the catalog at a time."""
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        await catalog.hold(connection)
        shop = await known_shop(connection, name)
        changed = change(shop, make_clock(settings).now())
        check_shop(changed, shop)
        await catalog.update_shop(connection, SecretKeys(settings).sealed_shop(changed))
    return changed


def _hashed(token: str) -> str:
    """What is kept of a token. Raises `CommandError` for one that can't be sent or can be guessed."""
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise CommandError(f"a token needs at least {SHORTEST} characters, printable ASCII without blanks")
    return catalog.hash_token(token)


def _public(shop: ShopView) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(shop)
    return {name: value for name, value in fields.items() if name != "held"}
