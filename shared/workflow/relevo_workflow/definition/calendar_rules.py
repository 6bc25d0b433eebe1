"""Calendar rules of scheduled triggers: cron and RRULE, in a zone."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

from relevo_workflow.syntax.zones import instant

_ANY = datetime(2026, 1, 1, tzinfo=UTC)
_ANCHOR = datetime.combine(date(2024, 1, 1), time(0))
"""A Monday: from here intervals are counted."""
_YEARS = 20
"""So far ahead a rule is searched for its next time: what does not come until then never comes."""
_INTERVAL = re.compile(r"INTERVAL=([^;\s]*)", re.IGNORECASE)
_CYCLE = timedelta(days=146_097)
"""400 years: after them every date is on the same weekday again."""
_UNTIL = re.compile(r";?UNTIL=(\d{8}(?:T\d{6})?)(Z?)", re.IGNORECASE)

_REFUSED = (
    (
        re.compile(r"DTSTART|COUNT=", re.IGNORECASE),
        "has DTSTART or COUNT: a schedule has no first time to count from, but may have UNTIL",
    ),
    (re.compile(r"FREQ=(SECOND|MINUTE)LY", re.IGNORECASE), "is too often: hourly at most"),
    (re.compile(r"\s"), "is more than one rule: a schedule has one, without dates of its own"),
    (re.compile(r"UNTIL", re.IGNORECASE), "has an invalid UNTIL: write it like 20261231 or 20261231T090000Z"),
    (re.compile(r"BYEASTER", re.IGNORECASE), "has BYEASTER, which is not part of RRULE"),
)
"""What stands in no rule (its UNTIL aside), and why."""


def check_cron(text: str) -> str:
    """What is wrong with a cron rule; empty if nothing is."""
    try:
        next(CronSim(text, _ANY))
    except CronSimError as error:
        return f"'{text}' is not a valid cron rule: {error}"
    except StopIteration:
        return f"the cron rule '{text}' never happens"
    return ""


def check_rrule(text: str) -> str:
    """What is wrong with an RRULE (RFC 5545, without DTSTART); empty if nothing is."""
    endless = _UNTIL.sub("", text)
    for refused, why in _REFUSED:
        if refused.search(endless.strip()):
            return f"'{text}' {why}"
    if not all(one.isdecimal() and len(one) < 5 and 1 <= int(one) <= 1000 for one in _INTERVAL.findall(text)):
        return f"'{text}' has an INTERVAL that is not a number from 1 to 1000"
    try:
        _until(text, UTC)
        found = next_occurrence("", endless, _ANY, UTC)
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        return f"'{text}' is not a valid RRULE: {error}"
    return "" if found else f"the RRULE '{text}' never comes, not in {_YEARS} years"


def next_occurrence(cron: str, rrule: str, after: datetime, zone: tzinfo) -> datetime | None:
    """The first instant (UTC) strictly after `after`; `None` if the rule has come to its end.

    An RRULE that does not come in the 20 years after `after` has come to its end, too.
    Both work in local time: a time in a gap runs right after it, one in a fold once.
    """
    if cron:
        return _first_after(cron, rrule, after, zone)
    # All who are asked about on one day begin at its first moment, so that a rule is read once for all of them.
    found = _remembered(rrule, after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0), zone)
    while found is not None and found <= after:
        found = _remembered(rrule, found, zone)
    return found if found is not None else _first_after(cron, rrule, after, zone)


@lru_cache(maxsize=4096)
def _remembered(rrule: str, after: datetime, zone: tzinfo) -> datetime | None:
    return _first_after("", rrule, after, zone)


def _first_after(cron: str, rrule: str, after: datetime, zone: tzinfo) -> datetime | None:
    local = after.astimezone(zone)
    if cron:
        found = next(CronSim(cron, local), None)
        return found.astimezone(UTC) if found else None
    naive = local.replace(tzinfo=None)
    until = _until(rrule, zone)
    for candidate in _candidates(rrule, naive):
        at = instant(candidate.date(), candidate.time(), zone)
        if until is not None and at > until:
            return None
        if at > after:
            return at
    return None


def _candidates(rrule: str, naive: datetime) -> Iterator[datetime]:
    """The local times of a rule in the 20 years after `naive`.

    The library walks on to the year 9999 when nothing matches. As the calendar repeats itself every 400 years, it is
    asked about those before that end.
    """
    last = datetime.combine(date(min(naive.year + _YEARS, date.max.year), 12, 31), time.max)
    ahead = (date.max.year - last.year) // 400 * _CYCLE
    rule = rrulestr(_UNTIL.sub("", rrule), dtstart=_period(rrule, naive) + ahead)
    for candidate in rule.xafter(naive + ahead, inc=False):
        if candidate > last + ahead:
            return
        yield candidate - ahead


def _until(rrule: str, zone: tzinfo) -> datetime | None:
    """The last instant of a rule; a day alone means all of it, a time without Z is one of `zone`."""
    found = _UNTIL.search(rrule)
    if found is None:
        return None
    moment = datetime.fromisoformat(found[1])
    if found[2]:
        return moment.replace(tzinfo=UTC)
    return instant(moment.date(), moment.time() if "T" in found[1] else time.max, zone)


def _period(rrule: str, naive: datetime) -> datetime:
    """The begin of the year, month, week, day or hour from which a rule goes on.

    It follows from the rule and the calendar alone: every second week is the same one whenever one asks.
    """
    given = _INTERVAL.search(rrule)
    interval = int(given[1]) if given else 1
    frequency = re.search(r"FREQ=(\w+)", rrule, re.IGNORECASE)
    kind = frequency[1].upper() if frequency else "DAILY"
    if kind in ("YEARLY", "MONTHLY"):
        step = interval * (12 if kind == "YEARLY" else 1)
        months = (naive.year - _ANCHOR.year) * 12 + naive.month - 1
        months -= months % step
        return datetime.combine(date(_ANCHOR.year + months // 12, months % 12 + 1, 1), time(0))
    step_length = interval * {"WEEKLY": timedelta(weeks=1), "HOURLY": timedelta(hours=1)}.get(kind, timedelta(days=1))
    return naive - (naive - _ANCHOR) % step_length
