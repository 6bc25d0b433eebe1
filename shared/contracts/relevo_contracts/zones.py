"""Names of time zones, as shops and their systems write them: IANA's, Windows', Rails'. Anything else is unknown."""

import re
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from relevo_contracts.zone_names import RAILS, WINDOWS

_LONGEST = 64
_NO_PLACE = frozenset(("factory", "localtime", "posixrules"))  # files beside the zones that say nothing of a place
_OFFSET = re.compile(r"^\((?:GMT|UTC)(?:[+\-\u2212]\d{1,2}:?\d{2})?\)\s*", re.IGNORECASE)


def zone(name: str | None) -> ZoneInfo | None:
    """The zone that `name` means, or `None` if there is none. It never raises, whatever `name` is."""
    return _zone(name.strip()) if name and len(name) <= _LONGEST else None


@lru_cache(maxsize=1024)
def zone_of(*names: str | None) -> tzinfo:
    """The zone of the first of `names` that means one; UTC if none does."""
    return next((found for found in map(zone, names) if found is not None), UTC)


def zone_name(name: str | None) -> str:
    """The IANA name of the zone that `name` means (`America/New_York`); empty if there is none."""
    found = zone(name)
    return found.key if found else ""


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    known = _names()
    wanted = name.casefold()
    # "(GMT-05:00) Eastern Time (US & Canada)", as shop systems show Rails' names
    found = known.get(wanted) or known.get(_OFFSET.sub("", wanted))
    try:
        return ZoneInfo(found) if found else None
    except (LookupError, ValueError, OSError):  # listed, but unreadable on this machine
        return None


@cache
def _names() -> Mapping[str, str]:
    """IANA's name by each name in lower case. IANA's own come first: a listed name can't be a path to anything else."""
    places = {name.casefold(): name for name in zoneinfo.available_timezones() if name.casefold() not in _NO_PLACE}
    others = {name.casefold(): place for table in (RAILS, WINDOWS) for name, place in table.items()}
    return others | places
