"""When did it happen? A sender's claim, kept within what is plausible."""

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from relevo_contracts.payloads import Instant

_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this no shop sold by the web as they do now: a date that is not filled in, not an import."""
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)


class Plausible(Struct, frozen=True):
    """How far a sender's clock is believed: `skew` into the future, `oldest` into the past."""

    skew: timedelta
    oldest: timedelta


class EventTime(Struct, frozen=True):
    """The time of an event, and a note for the sender if it is not the one that was claimed."""

    at: datetime
    note: str = ""
    historical: bool = False


def to_utc(instant: datetime) -> datetime:
    """The same instant in UTC. Instants at the very ends of the calendar, which have no UTC form, move by a day."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return _EARLIEST if instant.year == 1 else _LATEST


def parse_instant(text: str | None) -> datetime | None:
    """The instant of an RFC 3339 text with zone, in UTC; `None` if it is none (for headers, which are hints only)."""
    if not text:
        return None
    try:
        return to_utc(msgspec.convert(text, Instant, strict=False))
    except msgspec.ValidationError:
        return None


def plausible(claimed: datetime | None, received: datetime, limits: Plausible, *, historical: bool) -> EventTime:
    """The event's time: never after `received` (beyond the skew); what is older than the limit is historical.

    A date before 2000 is one that was not filled in (1970): then the oldest plausible time counts.
    """
    if claimed is None:
        return EventTime(received, historical=historical)
    if claimed > received + limits.skew:
        return EventTime(received, f"{claimed.isoformat()} is in the future: the time of arrival counts", historical)
    if historical or claimed >= received - limits.oldest:
        return EventTime(claimed, historical=historical)
    past = f"{claimed.isoformat()} is more than {limits.oldest.total_seconds() / 86400:g} days ago"
    if claimed < _NO_DATE:
        return EventTime(received - limits.oldest, f"{past}: the oldest plausible time counts")
    return EventTime(claimed, f"{past}: the event is historical and starts nothing", historical=True)


def statement_time(claimed: datetime | None, received: datetime, limits: Plausible, *, historical: bool) -> EventTime:
    """The time of a consent statement, which is never made newer than it is.

    Of two statements the newer one wins, so moving an old grant forward could override a later withdrawal.
    One that is older than the limit keeps its time and counts as historical: it is known and starts nothing.
    """
    found = plausible(claimed, received, limits, historical=True)
    return EventTime(found.at, found.note, historical or found.at < received - limits.oldest)
