"""`relevo shops`: which shops there are, and their secrets."""

import asyncio
import re
import zoneinfo
from datetime import timedelta
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.console import out, print_json
from relevo_cli.errors import CommandError
from relevo_runtime import catalog
from relevo_runtime.catalog import Secret, Shop
from relevo_runtime.clock import make_clock

PLATFORMS = ("shopify",)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Make shops known, list them, rotate their secrets.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_shops)
    group.command("rotate-secret")(rotate_secret)
    app.add_typer(group, name="shops")


def add(
    name: Annotated[str, typer.Argument(help="Lower-case name; it is part of the webhook address.")],
    *,
    platform: Annotated[str, typer.Option(help="The shop system: shopify.")],
    secret: Annotated[str, typer.Option(help="The secret with which the shop signs its webhooks.")],
    token: Annotated[
        list[str] | None, typer.Option(help="Bearer token for POST /events/NAME; may be repeated.")
    ] = None,
    title: Annotated[str, typer.Option(help="The name that customers read; NAME if it is not given.")] = "",
    domain: Annotated[str, typer.Option(help="The shop's domain; webhooks of another one are refused.")] = "",
    email_from: Annotated[str, typer.Option(help="Sender of e-mails: address, or Name <address>.")] = "",
    sms_from: Annotated[str, typer.Option(help="Sender of SMS, E.164.")] = "",
    locale: Annotated[
        str, typer.Option(help="Language for customers whose own is unknown, such as en or es-ES.")
    ] = "en",
    timezone: Annotated[str, typer.Option(help="IANA name, such as Europe/Madrid.")] = "UTC",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "EUR",
) -> None:
    """Make a shop known. Its webhooks are taken from now on at /hooks/NAME/PLATFORM."""
    shop = Shop(
        shop=name,
        platform=platform,
        name=title or name,
        domain=domain,
        secrets=[Secret(secret)],
        token_hashes=[catalog.hash_token(value) for value in token or []],
        email_from=email_from or f"{name}@shop.example.com",
        sms_from=sms_from,
        locale=locale,
        timezone=timezone,
        currency=currency,
    )
    check(shop)
    asyncio.run(_add(shop))
    out().print(f"shop {name} is known; its webhooks go to POST /hooks/{name}/{platform}")


def check(shop: Shop) -> None:
    """Raises `CommandError` if a field cannot be right."""
    if not _NAME.fullmatch(shop.shop):
        raise CommandError(f"{shop.shop!r} is no name for a shop: use lower-case letters, digits, - and _ (at most 63)")
    if shop.platform not in PLATFORMS:
        raise CommandError(f"platform {shop.platform!r} is not supported; use one of: {', '.join(PLATFORMS)}")
    if shop.timezone not in zoneinfo.available_timezones():
        raise CommandError(f"timezone {shop.timezone!r} does not exist; use an IANA name such as Europe/Madrid")
    if not re.fullmatch(r"[A-Z]{3}", shop.currency):
        raise CommandError(f"currency {shop.currency!r} is no ISO 4217 code such as EUR")
    if any(len(secret.value) < 8 for secret in shop.secrets):
        raise CommandError("the secret needs at least 8 characters: a short one can be guessed")


def list_shops(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the shops, without their secrets."""
    found = asyncio.run(_list())
    if as_json:
        print_json([_public(shop) for shop in found])
        return
    if not found:
        out().print("no shop is known yet; add one with `relevo shops add NAME --platform shopify --secret S`")
        return
    table = Table("shop", "platform", "domain", "sender", "locale", "timezone", "currency", "secrets")
    for shop in found:
        row = (shop.shop, shop.platform, shop.domain, shop.email_from, shop.locale, shop.timezone, shop.currency)
        table.add_row(*row, str(len(shop.secrets)))
    out().print(table)


def rotate_secret(
    name: Annotated[str, typer.Argument(help="The shop.")],
    secret: Annotated[str, typer.Option(help="The new secret.")],
    keep: Annotated[float, typer.Option(min=0, help="Hours for which the old secret stays valid beside it.")] = 24,
) -> None:
    """Add a new webhook secret; the old one stays valid for a while, since shops rotate with a lag."""
    until = asyncio.run(_rotate(name, secret, timedelta(hours=keep)))
    out().print(f"shop {name} takes the new secret now, and the old one until {until}")


async def _add(shop: Shop) -> None:
    async with database.transaction(addresses.settings()) as connection:
        await catalog.add_shop(connection, shop)


async def _list() -> list[Shop]:
    async with database.transaction(addresses.settings()) as connection:
        return await catalog.shops(connection)


async def _rotate(name: str, secret: str, keep: timedelta) -> str:
    settings = addresses.settings()
    now = make_clock(settings).now()
    until = now + keep
    async with database.transaction(settings) as connection:
        shop = await catalog.shop(connection, name)
        if shop is None:
            raise CommandError(f"shop {name!r} is not known; `relevo shops list` prints those that are")
        old = [
            Secret(known.value, min(known.until or until, until))
            for known in shop.secrets
            if known.value in shop.valid_secrets(now) and known.value != secret
        ]
        rotated = msgspec.structs.replace(shop, secrets=[Secret(secret), *old])
        check(rotated)
        await catalog.update_shop(connection, rotated)
    return until.isoformat(timespec="minutes")


def _public(shop: Shop) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(shop)
    return {
        **fields,
        "secrets": [{"until": secret.until} for secret in shop.secrets],
        "token_hashes": len(shop.token_hashes),
    }
