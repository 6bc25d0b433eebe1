"""Codes of a pool, and the file that they come from. Pure."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from relevo_contracts.envelope import Event, event_data
from relevo_contracts.keys import SHOP_KEY
from relevo_contracts.payloads import CouponPoolChanged

LONGEST_CODE = 255
"""Characters: as many as Shopify and Magento take."""
COLUMNS: tuple[str, ...] = ("code", "expires_at")


class Coupon(Struct, frozen=True):
    """A code, and from when on the shop takes it no longer; `None`: it has no end."""

    code: str
    expires_at: datetime | None = None


class WrongLine(Struct, frozen=True):
    """A line of a file that has no code that can be used, and why."""

    line: int
    problem: str


class Turned(Struct, frozen=True, kw_only=True):
    """A pool that has come to be low, or is no more. `lows`: how often the shop was told that it is low."""

    shop: str
    pool: str
    low: bool
    lows: int
    left: int
    warn_below: int


def event_of_pool(turned: Turned, now: datetime) -> Event:
    """What the shop is told: `coupons.low` or `coupons.refilled`, with the same id each time for the same turn."""
    kind, turn = ("low", turned.lows + 1) if turned.low else ("refilled", turned.lows)
    return Event(
        id=f"{turned.pool}/{kind}/{turn}",
        source="relevo/coupons",
        type=f"coupons.{kind}",
        time=now,
        shop=turned.shop,
        key=SHOP_KEY,
        data=event_data(CouponPoolChanged(pool=turned.pool, left=turned.left, warn_below=turned.warn_below)),
        receivedtime=now,
    )


def read_codes(lines: Iterable[str]) -> Iterator[Coupon | WrongLine]:
    """The codes of a CSV file: `code`, and `expires_at` where there is an end.

    A first line that names `code` says which columns there are; those of other names are left alone. A line that
    can't be read costs itself only. Of codes that differ in case alone the first counts.
    """
    seen: set[str] = set()
    order, first = COLUMNS, True
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t\r\n,"):
            continue
        cells = _cells(line)
        names = tuple(cell.lower() for cell in cells)
        was_first, first = first, False
        if was_first and "code" in names:
            order = names
            continue
        found = _read(cells, order)
        if isinstance(found, str):
            yield WrongLine(number, found)
        elif found.code.lower() not in seen:
            seen.add(found.code.lower())
            yield found


def _cells(line: str) -> list[str]:
    """The cells of a line; none if it is not CSV."""
    try:
        return [cell.strip() for cell in next(csv.reader([line.strip("\r\n")], strict=True), [])]
    except csv.Error:
        return []


def _read(cells: Sequence[str], order: Sequence[str]) -> Coupon | str:
    if not cells:
        return "it is not a line of CSV"
    if any(cells[len(order) :]):
        return f"it has more columns than {' and '.join(order)}"
    named = dict(zip(order, cells, strict=False))
    code = named.get("code", "")
    return _problem(code) or _ending(code, named.get("expires_at", ""))


def _problem(code: str) -> str:
    """Why no shop takes this code; empty if one may."""
    if not code:
        return "it has no code"
    if len(code) > LONGEST_CODE:
        return f"the code has {len(code)} characters, {LONGEST_CODE} at most"
    if not code.isprintable() or any(char.isspace() for char in code):
        return "the code has spaces, or characters that nobody can type"
    return ""


def _ending(code: str, end: str) -> Coupon | str:
    if not end:
        return Coupon(code)
    try:
        expires_at = datetime.fromisoformat(end)
        return Coupon(code, expires_at.astimezone(UTC) if expires_at.tzinfo else expires_at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return f"{end!r} is not a date like 2026-04-30 or 2026-04-30T22:00:00Z"
