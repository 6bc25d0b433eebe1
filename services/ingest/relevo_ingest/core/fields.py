"""The fields of a platform's bodies, as every platform writes them: their types, and the canonical form of each.

Every one of a shape's fields may be missing, null or malformed: what can't be read is absent.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from typing import Annotated

from msgspec import Meta

from relevo_contracts.payloads import EventContact, Instant, Money
from relevo_contracts.text import TEXT_LIMIT
from relevo_ingest.core import money as amounts
from relevo_ingest.core import normalise
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import note
from relevo_ingest.core.times import to_utc

_BIG = 2**63 - 1
Number = Annotated[int, Meta(ge=-_BIG, le=_BIG)]
Id = Annotated[int, Meta(ge=0, le=_BIG)] | str | None
Amount = str | Number | float | None
Text = str | None
Time = Instant | None
Quantity = Annotated[int, Meta(ge=0, le=1_000_000)]
Pieces = Quantity | Annotated[float, Meta(ge=0, le=1_000_000)]
_MOST = 1_000_000_000
Level = Annotated[int, Meta(ge=-_MOST, le=_MOST)] | Annotated[float, Meta(ge=-_MOST, le=_MOST)]
"""What is in stock: below zero where more is sold than there is."""

_ID_LIMIT = 150
_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r" {2,}")


def ident(value: Id) -> str:
    """An id as text; empty if there is none."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else normalise.text(value, _ID_LIMIT)


def required(found: str, where: str) -> str:
    """An id that must be there. Raises `InvalidPayload`, naming `where`."""
    if not found:
        raise InvalidPayload(where, "is missing: without it the event belongs to nothing")
    return found


def utc(instant: datetime | None) -> datetime | None:
    """The same instant in UTC, if there is one."""
    return to_utc(instant) if instant else None


def utc_without_zone(text: Text, where: str) -> datetime | None:
    """The instant of a time without a zone, in a field that is UTC by its name; if it is not a time, a note says so."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        note(where, f"{text[:40]!r} is not a time; it was left out")
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else to_utc(instant)


def day(text: Text, where: str) -> date | None:
    """The day that a text begins with (`1984-05-02`; `0000-00-00` is none); if it is not one, a note says so."""
    if not text or text.startswith("0000-00-00"):
        return None
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        note(where, f"{text[:40]!r} is not a day; it was left out")
        return None


def plain_text(html: Text, limit: int = TEXT_LIMIT) -> str:
    """The text of a piece of HTML: without tags, its entities as characters."""
    return normalise.text(_SPACES.sub(" ", unescape(_TAG.sub(" ", html or ""))), limit)


def word(value: Text) -> str:
    """A word of the platform's own (`success`, `DELIVERED`) in one writing: its APIs differ in capitals."""
    return normalise.text(value, 100).lower()


def first(values: Iterable[str]) -> str:
    """The first text that says something."""
    return next((value for value in values if value), "")


def contact_of(given: EventContact) -> EventContact | None:
    """The contact, or `None` if nobody can be reached by it."""
    return given if given.email or given.phone else None


def optional_money(given: Amount, currency: str, where: str, *, absolute: bool = False) -> Money | None:
    """The amount, or `None` where the payload has no amount or its currency is not known."""
    if not currency or given is None:
        return None
    return amounts.as_written(given, currency) or amounts.money(given, currency, where, absolute=absolute)


def difference(whole: Money | None, part: Money | None) -> Money | None:
    """What is left of `whole`; `None` unless both are known in one currency, and never below zero."""
    if whole is None or part is None or whole.currency != part.currency:
        return None
    left = max(Decimal(whole.amount) - Decimal(part.amount), Decimal(0))
    return Money(format(left, "f"), whole.currency)


def is_positive(given: Money | None) -> bool:
    """Whether an amount is known and more than nothing."""
    return given is not None and Decimal(given.amount) > 0


def total_of(found: Sequence[Money | None]) -> Money | None:
    """The sum of what is known; `None` if nothing is, or if it is in several currencies."""
    return amounts.add([one for one in found if one is not None])
