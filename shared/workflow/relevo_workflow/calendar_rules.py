"""Calendar rules of scheduled triggers: cron and RRULE, in a zone."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

from relevo_workflow.zones import instant

_ANY = datetime(2026, 1, 1, tzinfo=UTC)
_ANCHOR = datetime.combine(date(2024, 1, 1), time(0))
"""A Monday: from here intervals are counted."""
_UNTIL = re.compile(r";?UNTIL=(\d{8}(?:T\d{6})?)(Z?)", re.IGNORECASE)


def check_cron(text: str) -> str:
    """What is wrong with a cron rule; empty if nothing is."""
    try:
        next(CronSim(text, _ANY))
    except CronSimError as error:
        return f"'{text}' is no cron rule: {error}"
    except StopIteration:
        return f"the cron rule '{text}' never happens"
    return ""


def check_rrule(text: str) -> str:
    """What is wrong with an RRULE (RFC 5545, without DTSTART); empty if nothing is."""
    if re.search(r"DTSTART|COUNT=", text, re.IGNORECASE):
        return f"'{text}' has DTSTART or COUNT: a schedule has no first time to count from, but may have UNTIL"
    if re.search(r"FREQ=(SECOND|MINUTE)LY", text, re.IGNORECASE):
        return f"'{text}' is too often: hourly at most"
    try:
        next(rrulestr(_UNTIL.sub("", text), dtstart=_ANCHOR).xafter(_ANCHOR), None)
        _until(text, UTC)
    except (ValueError, KeyError, TypeError) as error:
        return f"'{text}' is no RRULE: {error}"
    return ""


def next_occurrence(cron: str, rrule: str, after: datetime, zone: tzinfo) -> datetime | None:
    """The first instant (UTC) strictly after `after`; `None` if the rule has come to its end.

    Both work in local time: a time in a gap runs right after it, one in a fold once.
    """
    local = after.astimezone(zone)
    if cron:
        found = next(CronSim(cron, local), None)
        return found.astimezone(UTC) if found else None
    naive = local.replace(tzinfo=None)
    until = _until(rrule, zone)
    for candidate in rrulestr(_UNTIL.sub("", rrule), dtstart=_period(rrule, naive)).xafter(naive, inc=False):
        at = instant(candidate.date(), candidate.time(), zone)
        if until is not None and at > until:
            return None
        if at > after:
            return at
    return None


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
    given = re.search(r"INTERVAL=(\d+)", rrule, re.IGNORECASE)
    interval = max(1, int(given[1])) if given else 1
    frequency = re.search(r"FREQ=(\w+)", rrule, re.IGNORECASE)
    kind = frequency[1].upper() if frequency else "DAILY"
    if kind in ("YEARLY", "MONTHLY"):
        step = interval * (12 if kind == "YEARLY" else 1)
        months = (naive.year - _ANCHOR.year) * 12 + naive.month - 1
        months -= months % step
        return datetime.combine(date(_ANCHOR.year + months // 12, months % 12 + 1, 1), time(0))
    step_length = interval * {"WEEKLY": timedelta(weeks=1), "HOURLY": timedelta(hours=1)}.get(kind, timedelta(days=1))
    return naive - (naive - _ANCHOR) % step_length
