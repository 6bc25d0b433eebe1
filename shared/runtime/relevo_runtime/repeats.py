"""Lines of the log that come again and again: the first is written, the others are counted.

A library that can't reach its server says so hundreds of times a second. A record is limited if it comes from a
library, or if who writes it marks it: `extra={"repeats": "what it is about"}`, with structlog `repeats="…"`.
"""

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

PERIOD = 60.0
"""Seconds in which a line is written once."""

_OURS = "relevo"
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|\d+")
_MOST_KINDS = 500
_LENGTH = 200


class _Line(Struct):
    """One kind of line: when it was last written, and how often it was left out since."""

    written: float
    left_out: int = 0


class Repeats(logging.Filter):
    """Lets one line of each kind (logger, message before its values are filled in) pass in `PERIOD`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._held_since: float | None = None
        self._monotonic = monotonic
        self._lines: OrderedDict[tuple[str, ...], _Line] = OrderedDict()
        self._left_out = 0

    def hold(self, on: bool) -> None:
        """While it is on, because something is known to be away, what was said of it is not said again at all."""
        if not on:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = self._monotonic() - PERIOD

    def take_left_out(self) -> int:
        """How many lines were left out since this was last asked."""
        count, self._left_out = self._left_out, 0
        return count

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is written. It then tells how many like it were left out."""
        about = _about(record)
        if about is None:
            return True
        now, kind = self._monotonic(), _kind(record, about)
        line = self._lines.get(kind)
        since = now - PERIOD if self._held_since is None else self._held_since
        if line is not None and line.written > since:
            line.left_out += 1
            self._left_out += 1
            return False
        if line is not None and line.left_out:
            _add_count(record, line.left_out)
        self._lines[kind] = _Line(now)
        self._lines.move_to_end(kind)
        if len(self._lines) > _MOST_KINDS:
            self._lines.popitem(last=False)
        return True


def _about(record: logging.LogRecord) -> str | None:
    """What a limited record is about; None if it is not limited."""
    fields = record.msg if isinstance(record.msg, dict) else record.__dict__
    marked = fields.pop("repeats", None)
    if marked is not None:
        return str(marked)
    return None if record.name.startswith(_OURS) else ""


def _kind(record: logging.LogRecord, about: str) -> tuple[str, ...]:
    template = record.msg.get("event", "") if isinstance(record.msg, dict) else record.msg
    error = record.exc_info[0] if record.exc_info else None
    # Some libraries fill in the values themselves; addresses and numbers make no other kind.
    return record.name, _CHANGING.sub("#", str(template))[:_LENGTH], about, error.__name__ if error else ""


def _add_count(record: logging.LogRecord, left_out: int) -> None:
    if isinstance(record.msg, dict):
        record.msg["left_out"] = left_out
    else:
        record.msg = f"{record.msg} (and {left_out} like it)"
