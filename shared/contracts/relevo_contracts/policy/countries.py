"""What countries say about the hours of marketing, and which zones they have.

The table is what a shop starts from, not legal advice: `policy.yaml` puts its own in place of an entry.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from importlib.resources import files

from relevo_contracts.policy.hours import QuietHours
from relevo_contracts.policy.model import QuietRule
from relevo_contracts.zones import zone


def _texts(start: time, end: time, source: str, *, days: tuple[int, ...] = ()) -> QuietRule:
    return QuietRule(hours=QuietHours(start, end), days=days, channels=("sms",), source=source)


_SUNDAY = 6
_TAIWAN = "the operators' rule, as Twilio publishes it"

LEGAL_HOURS: Mapping[str, tuple[QuietRule, ...]] = {
    "AE": (_texts(time(21), time(7), "TDRA, Unsolicited Electronic Communications Regulatory Policy"),),
    "FR": (_texts(time(22), time(8), "af2m, charte Business Messaging, 2024", days=(_SUNDAY,)),),
    "IN": (_texts(time(21), time(10), "TRAI, TCCCPR 2018, as the operators apply it since October 2025"),),
    "KR": (_texts(time(21), time(8), "Network Act (정보통신망법), Art. 50(3)"),),
    "TW": (_texts(time(21), time(9), _TAIWAN), _texts(time(12, 30), time(13, 30), _TAIWAN)),
    # The state is not known by a number: what the strictest of those that bind texts says holds for all.
    "US": (_texts(time(20), time(8), "47 CFR 64.1200(c)(1); Fla. Stat. 501.616(6)(a); Okla. Stat. tit. 15, 775C"),),
}
"""By ISO 3166 code: the hours in which marketing by text is not allowed, or not taken by the operators. E-mail
is bound to hours nowhere that we know of. Rules about calls alone (Code de la consommation, Art. D. 223-9) are
not here; nor are public holidays, nor countries of which two sources say two things.
"""


def zones_of(country: str, now: datetime) -> tuple[tzinfo, ...]:
    """A zone for each local time that a country may have in the days from now on; none for what is not a country."""
    return _apart(country.upper(), now.date()) if country else ()


def country_of(zone: str) -> str:
    """The only country that has this zone (IANA's name); empty if there are several or none."""
    found = _countries().get(zone, ())
    return found[0] if len(found) == 1 else ""


@lru_cache(maxsize=1024)
def _apart(country: str, today: date) -> tuple[tzinfo, ...]:
    """Zones that keep the same time in the days that matter are one."""
    days = [datetime.combine(today, time(0), UTC) + timedelta(days=day) for day in range(11)]
    found: dict[tuple[timedelta | None, ...], tzinfo] = {}
    for name in _names().get(country, ()):
        place = zone(name)
        if place is not None:
            found.setdefault(tuple(day.astimezone(place).utcoffset() for day in days), place)
    return tuple(found.values())


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """The zones of each country, as the time zone database lists them (`zone.tab`)."""
    found: dict[str, list[str]] = {}
    for line in files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            found.setdefault(country, []).append(name)
    return {country: tuple(names) for country, names in found.items()}


@cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for country, names in _names().items():
        for name in names:
            found.setdefault(name, []).append(country)
    return {name: tuple(countries) for name, countries in found.items()}
