"""What comes back from a call, and how it is to be read. Pure.

Sources: RFC 9110 sections 10.2.3 (Retry-After) and 15 (status codes); RFC 6585 section 4 (429).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from relevo_runtime.storable import storable

LARGEST_BODY = 256 * 1024
"""An answer with more bytes than this is an error: it would have to live in the run."""
LONGEST_WISH = 3600.0
"""Seconds: a `Retry-After` beyond it is taken as this."""
_JSON_DEPTH = 64


class Replied(Struct, frozen=True):
    """The other system answered. `wait` is its own wish, in wall seconds; `error` says why it can't be used."""

    status: int
    body: Any = None
    wait: float = 0.0
    error: str = ""

    @property
    def later(self) -> bool:
        """Whether the same call may go well at another time."""
        return self.status == 429 or self.status >= 500


class Unreachable(Struct, frozen=True):
    """Nobody was reached: the call certainly did nothing."""

    reason: str


class ConnectionLost(Struct, frozen=True):
    """The connection broke, or time was up, after the request was on its way: it may have been carried out."""

    reason: str


class Blocked(Struct, frozen=True):
    """The call may not be made."""

    reason: str


Reply: TypeAlias = Replied | Unreachable | ConnectionLost | Blocked


def read_reply(status: int, headers: Mapping[str, str], content: bytes | None, now: datetime) -> Replied:
    """What an answer means. `content` is `None` if it was too large; `headers` has lower-case names.

    JSON is parsed; anything else is text.
    """
    wait = retry_after(headers, now)
    if content is None:
        return Replied(status, None, wait, f"the answer is larger than {LARGEST_BODY // 1024} KiB")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        return Replied(status, None, wait, "the answer is compressed, which it was not asked to be")
    return Replied(status, read_body(headers.get("content-type", ""), content), wait)


def read_body(content_type: str, content: bytes) -> Any:
    """JSON as its value (also where no type is given), anything else as text; nothing as `None`."""
    if not content:
        return None
    media = content_type.partition(";")[0].strip().lower()
    if media in ("", "application/json") or media.endswith("+json"):
        try:
            value = msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return _text(content)
        return storable(value) if _flat_enough(value) else _text(content)
    return _text(content)


def _text(content: bytes) -> Any:
    return storable(content.decode("utf-8", "replace"))


def _flat_enough(value: Any) -> bool:
    """Whether it is nested no deeper than what expressions and the database's JSON take without trouble."""
    level = [value]
    for _ in range(_JSON_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, list | dict)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return True
    return False


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """`Retry-After` in seconds, whether given so or as a date by the sender's own clock.

    `now` is for a sender that does not tell its clock. 0 if there is none, or it can't be read.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return 0.0
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WISH)
    at, since = _instant(value), _instant(headers.get("date", "")) or now
    if at is None or since is None:
        return 0.0
    return min(max((at - since).total_seconds(), 0.0), LONGEST_WISH)


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
