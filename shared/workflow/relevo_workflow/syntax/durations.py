"""Durations as workflows write them: `30m`, `4h`, `1d12h`, `2w`. A day is 24 hours of elapsed time."""

import re
from datetime import timedelta
from functools import lru_cache

from relevo_workflow.syntax.yaml_advice import duration_advice

_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_UNITS["s"] = timedelta(seconds=1)
_WHOLE = re.compile(r"^([+-]?)((?:\d+[wdhms])+)$")
_PART = re.compile(r"(\d+)([wdhms])")
_CEL_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_CEL_UNITS = {**{unit: _UNITS[unit] for unit in ("h", "m", "s")}, "ms": timedelta(milliseconds=1)}
LONGEST_OF_CEL = timedelta(days=36500)
LONGEST = timedelta(days=3660)
"""No wait is longer than ten years: a longer one is a slip of the pen."""


def parse_duration(text: str) -> timedelta:
    """The duration that `text` says. Raises `ValueError` with what would be right."""
    match = _WHOLE.match(text.replace(" ", ""))
    if not match:
        raise ValueError(f"'{text}' is not a duration: {duration_advice(text)}")
    parts = [(count, _UNITS[unit]) for count, unit in _PART.findall(match[2])]
    if sum(float(count) * unit.total_seconds() for count, unit in parts) > LONGEST.total_seconds():
        raise ValueError(f"'{text}' is longer than ten years")  # compared as a number: no timedelta holds them all
    total = sum((int(count) * unit for count, unit in parts), timedelta())
    return -total if match[1] == "-" else total


@lru_cache(maxsize=1024)
def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads as `duration` (whole seconds)."""
    seconds = int(duration.total_seconds())
    sign, rest, parts = ("-" if seconds < 0 else ""), abs(seconds), []
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if unit == "w" and rest % size:
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + ("".join(parts) or "0m")


def cel_length(days: str, length: str) -> timedelta:
    """The time of `days(…)`, or else of CEL's `duration(…)`; what is far too long comes out as longer than allowed."""
    if days:
        return timedelta(days=min(float(days), LONGEST_OF_CEL.days + 1))
    parts = _CEL_PART.findall(length)
    seconds = sum(float(count) * _CEL_UNITS[unit].total_seconds() for count, unit in parts)
    return timedelta(seconds=min(seconds, 2 * LONGEST_OF_CEL.total_seconds()))
