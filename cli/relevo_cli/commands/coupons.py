"""`relevo coupons`: the pools of codes that workflows take from."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from relevo_cli import addresses, database
from relevo_cli.commands.deploy import JsonOption
from relevo_cli.console import err, local_minute, out, print_json
from relevo_cli.errors import CommandError
from relevo_contracts.payloads import Money
from relevo_control.app.shops import known_shop
from relevo_notifier.adapters import coupons, shop_codes
from relevo_notifier.adapters.coupons import PoolOfCodes
from relevo_notifier.core.coupons import Coupon, WrongLine, read_codes
from relevo_notifier.core.shop_codes.registry import MAKERS
from relevo_notifier.core.shop_codes.rule import CouponRule
from relevo_runtime import connections
from relevo_runtime.clock import make_clock
from relevo_workflow import NAME_PATTERN

_SHOWN = 20
"""As many wrong lines of a file as somebody reads."""
Shop = Annotated[str, typer.Argument(help="The shop.")]
PoolName = Annotated[str, typer.Argument(help="The pool, as the steps `coupon` of workflows name it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Pools of codes that workflows take from, each code once.", no_args_is_help=True)
    group.command("import")(import_codes)
    group.command("create")(create)
    group.command("list")(list_pools)
    group.command("left")(left)
    group.command("warn")(warn)
    group.command("expire")(expire)
    app.add_typer(group, name="coupons")


def import_codes(
    shop: Shop,
    pool: PoolName,
    file: Annotated[Path, typer.Argument(help="CSV: code, and expires_at where there is an end.")],
) -> None:
    """Add the codes of FILE to POOL of SHOP. A code that the shop has already stays as it is."""
    _check_pool(pool)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = list(read_codes(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} can't be read as a text file in UTF-8: {error}") from None
    codes = [one for one in found if isinstance(one, Coupon)]
    wrong = [one for one in found if isinstance(one, WrongLine)]
    new = asyncio.run(_add(shop, pool, codes))
    known = f", {len(codes) - new} were there already" if new < len(codes) else ""
    out().print(f"{new} codes added to the pool {pool}{known}")
    for one in wrong[:_SHOWN]:
        err().print(f"{file}:{one.line}: {one.problem}", markup=False, soft_wrap=True)
    if wrong:
        raise CommandError(f"{len(wrong)} lines of {file} have no code that can be used; import them again, corrected")


def create(
    shop: Shop,
    pool: PoolName,
    *,
    percent: Annotated[str, typer.Option(help="So many percent off, such as 10.")] = "",
    amount: Annotated[str, typer.Option(help="So much off, such as '5 EUR', in the shop's currency.")] = "",
    free_shipping: Annotated[bool, typer.Option("--free-shipping", help="Free shipping.")] = False,
    minimum: Annotated[str, typer.Option(help="What has to be bought for, such as '30 EUR'.")] = "",
    rule: Annotated[int, typer.Option(min=0, help="Magento: the ID of the cart price rule, which says it all.")] = 0,
    prefix: Annotated[str, typer.Option(help="What codes begin with, such as HELLO.")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="Have no more codes made; those that were stay.")] = False,
) -> None:
    """Have the shop make the codes of POOL by its API, each when a workflow wants it and none was imported."""
    _check_pool(pool)
    if stop:
        stopped = asyncio.run(_stop(shop, pool))
        out().print(f"{shop} makes no {'more ' if stopped else ''}codes for the pool {pool}")
        return
    given = CouponRule(
        percent=_percent(percent),
        amount=_money("--amount", amount),
        free_shipping=free_shipping,
        minimum=_money("--minimum", minimum),
        rule=rule,
        prefix=_prefix(prefix),
    )
    if (bool(percent) + bool(amount) + free_shipping + bool(rule)) != 1:
        raise CommandError("say what codes are good for by one of --percent, --amount, --free-shipping and --rule")
    asyncio.run(_create(shop, pool, given))
    out().print(f"{shop} makes the codes of the pool {pool}: {given.in_words()}", markup=False)


def list_pools(shop: Shop, as_json: JsonOption = False) -> None:
    """Show the pools of SHOP: how many codes are left, were taken, have ended."""
    found = asyncio.run(_pools(shop))
    if as_json:
        print_json(found)
    elif not found:
        out().print(f"no pool of codes yet; `relevo coupons import {shop} welcome FILE` makes one", markup=False)
    else:
        out().print(_table(found))


def left(
    shop: Shop,
    pool: PoolName,
    least: Annotated[int, typer.Option(min=0, help="Exit with 1 if there are fewer than this.")] = 0,
) -> None:
    """Print how many codes of POOL can still be taken."""
    count = asyncio.run(_left(shop, pool))
    out().print(str(count))
    if count < least:
        raise typer.Exit(1)


def warn(
    shop: Shop,
    pool: PoolName,
    below: Annotated[
        int | None,
        typer.Option(min=0, max=1_000_000, help="0: never. Default: a tenth of what it was filled with, 100 at most."),
    ] = None,
) -> None:
    """Say with fewer codes than how many POOL runs low, of which the staff is told (event coupons.low)."""
    if not asyncio.run(_warn(shop, pool, below)):
        raise CommandError(
            f"{shop} has no pool {pool} with codes; `relevo coupons list {shop}` shows those that it has"
        )
    codes = "a tenth of what it was filled with" if below is None else f"{below} codes"
    out().print(f"the pool {pool} is low with less than {codes}" if below != 0 else f"the pool {pool} is never low")


def expire(
    shop: Shop,
    pool: PoolName,
    codes: Annotated[list[str] | None, typer.Argument(help="These codes; all that are left if none is named.")] = None,
) -> None:
    """Let codes of POOL that nobody has taken end now. Those that were taken stay with who has them."""
    count = asyncio.run(_expire(shop, pool, codes or ()))
    out().print(f"{count} codes of the pool {pool} have ended")


def _check_pool(pool: str) -> None:
    if not re.fullmatch(NAME_PATTERN, pool):
        raise CommandError(f"{pool!r} is not the name of a pool: lower-case words joined by hyphens, such as welcome")


def _percent(text: str) -> str:
    if text and not (re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text, re.ASCII) and 0 < Decimal(text) <= 100):
        raise CommandError(f"--percent: {text!r} is not a number between 0 and 100, such as 10 or 12.5")
    return text


def _money(option: str, text: str) -> Money | None:
    if not text:
        return None
    try:
        amount, currency = text.split()
        found = msgspec.convert({"amount": amount, "currency": currency.upper()}, Money)
    except ValueError:
        raise CommandError(f"{option}: {text!r} is not an amount with its currency, such as '30 EUR'") from None
    if Decimal(found.amount) <= 0:
        raise CommandError(f"{option}: {text!r} is not more than nothing")
    return found


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{0,20}", text, re.ASCII):
        raise CommandError(f"--prefix: {text!r} has more than 20 letters, digits and hyphens, or something else")
    return text.upper()


async def _create(shop: str, pool: str, rule: CouponRule) -> None:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        await known_shop(connection, shop)
        known = await connections.connection(connection, shop)
        maker = MAKERS.get(known.platform) if known is not None else None
        if maker is None:
            raise CommandError(
                f"the API of {shop} makes no codes: `relevo connect {shop}` says how it is reached; these platforms"
                f" make codes: {', '.join(sorted(MAKERS))}"
            )
        if problem := maker.problem(rule):
            raise CommandError(problem)
        await shop_codes.set_rule(connection, shop, pool, rule, make_clock(settings).now())


async def _stop(shop: str, pool: str) -> bool:
    async with database.transaction(addresses.settings()) as connection:
        await known_shop(connection, shop)
        return await shop_codes.drop_rule(connection, shop, pool)


async def _add(shop: str, pool: str, codes: Sequence[Coupon]) -> int:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        await known_shop(connection, shop)
        return await coupons.add(connection, shop, pool, codes, make_clock(settings).now())


async def _warn(shop: str, pool: str, below: int | None) -> bool:
    async with database.transaction(addresses.settings()) as connection:
        await known_shop(connection, shop)
        return await coupons.warn_below(connection, shop, pool, below)


async def _pools(shop: str) -> list[PoolOfCodes]:
    settings = addresses.settings()
    async with database.connection(settings) as connection:
        await known_shop(connection, shop)
        found = await coupons.pools(connection, shop, make_clock(settings).now())
        made = await shop_codes.rules(connection, shop)
    known = {pool: PoolOfCodes(pool=pool) for pool in made} | {one.pool: one for one in found}
    words = {pool: rule.in_words() for pool, rule in made.items()}
    return [msgspec.structs.replace(one, made=words.get(pool, "")) for pool, one in sorted(known.items())]


async def _left(shop: str, pool: str) -> int:
    settings = addresses.settings()
    async with database.connection(settings) as connection:
        await known_shop(connection, shop)
        return await coupons.left(connection, shop, pool, make_clock(settings).now())


async def _expire(shop: str, pool: str, codes: Sequence[str]) -> int:
    settings = addresses.settings()
    async with database.transaction(settings) as connection:
        await known_shop(connection, shop)
        return await coupons.expire(connection, shop, pool, codes, make_clock(settings).now())


def _table(found: Sequence[PoolOfCodes]) -> Table:
    table = Table("pool", "left", "low below", "taken", "ended", "next end (UTC)", "made by the shop")
    for one in found:
        end = local_minute(one.next_end, UTC) if one.next_end is not None else "-"
        codes, below = f"{one.left} (low)" if _is_low(one) else str(one.left), str(one.warn_below or "-")
        table.add_row(one.pool, codes, below, str(one.taken), str(one.expired), end, one.made or "-")
    return table


def _is_low(one: PoolOfCodes) -> bool:
    return one.left < one.warn_below and not one.made
