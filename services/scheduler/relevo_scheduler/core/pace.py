"""How soon to look again: until the next due time, but never longer than a limit."""

from datetime import datetime, timedelta


def next_look(now: datetime, next_due: datetime | None, *, full: bool, longest: timedelta) -> datetime:
    """When to look for due timers again; all in clock time.

    At once if the last batch was `full` (there may be more). Otherwise when the next timer is due, but at most
    `longest` from now: a lost notification costs no more than that. Never before `now`.
    """
    if full:
        return now
    latest = now + longest
    if next_due is None:
        return latest
    return max(now, min(next_due, latest))
