"""Calendar rules of scheduled triggers: cron and RRULE, in a zone."""

from datetime import UTC, datetime, tzinfo

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

_ANY = datetime(2026, 1, 1, tzinfo=UTC)


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
    try:
        rrulestr(text, dtstart=_ANY)
    except (ValueError, KeyError, TypeError) as error:
        return f"'{text}' is no RRULE: {error}"
    return ""


def next_occurrence(cron: str, rrule: str, after: datetime, zone: tzinfo) -> datetime | None:
    """The first instant (UTC) strictly after `after`; `None` if the rule has come to its end.

    Cron works in local time the way Debian's does: a time in a gap runs right after it, one in a fold once.
    """
    local = after.astimezone(zone)
    if cron:
        found = next(CronSim(cron, local), None)
        return found.astimezone(UTC) if found else None
    naive = local.replace(tzinfo=None)
    start = naive.replace(hour=0, minute=0, second=0, microsecond=0)
    for candidate in rrulestr(rrule, dtstart=start).xafter(naive, inc=False):
        at = candidate.replace(tzinfo=zone).astimezone(UTC)
        if at > after:
            return at
    return None
