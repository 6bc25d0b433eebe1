"""Someone of a shop's staff, and when they are at work. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from relevo_contracts.staff.shifts import read_shifts
from relevo_contracts.zones import zone_of

StaffChannel = Literal["email", "sms", "slack", "teams"]
HORIZON = 400
"""Days ahead in which somebody is looked for at work; who is away for longer is nobody to wait for."""
DIGEST_AT = time(8)
"""When those get their digest of whom no working hours are known."""


class Absence(Struct, frozen=True):
    """Planned days away, of the member's own time zone; the last day is one of them."""

    first: date
    last: date

    @classmethod
    def read(cls, text: str) -> "Absence":
        """Of `2026-07-01..2026-07-14`, or of one day. Raises `ValueError`, which says what would be right."""
        first, _, last = text.partition("..")
        try:
            found = cls(date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip()))
        except ValueError as error:
            raise ValueError(f"{text!r} is not an absence: write 2026-07-01..2026-07-14, or one day") from error
        if found.last < found.first:
            raise ValueError(f"the absence {text!r} ends before it begins")
        return found

    def __str__(self) -> str:
        return f"{self.first}..{self.last}" if self.last != self.first else str(self.first)


class Member(Struct, frozen=True, kw_only=True):
    """Someone of a shop's staff. A skill says what they can be asked for, a role what they may decide.

    `levels` has the level (1 to 5) of each skill that has one; a skill without is of level 1. `channels` are those by
    which they want to hear of tasks; none: by e-mail if the address is known. `slack` and `teams` name the secrets that
    hold the addresses of their incoming webhooks. `hours` are texts of shifts; without any they always work. `capacity`
    is the most open tasks that they get, 0: any number. `active` is false for whoever is away until further notice.
    """

    shop: str
    name: str
    email: str = ""
    skills: list[str] = []
    roles: list[str] = []
    active: bool = True
    phone: str = ""
    locale: str = ""
    timezone: str = ""
    channels: list[StaffChannel] = []
    slack: str = ""
    teams: str = ""
    levels: dict[str, int] = {}
    hours: list[str] = []
    absences: list[Absence] = []
    capacity: int = 0

    def wanted(self) -> list[tuple[StaffChannel, str]]:
        """The channels by which they hear of tasks, each with the address, number or name of a secret."""
        addresses: dict[StaffChannel, str] = {
            "email": self.email,
            "sms": self.phone,
            "slack": self.slack,
            "teams": self.teams,
        }
        return [(one, addresses[one]) for one in self.channels or ["email"] if addresses[one]]


def level_of(member: Member, skill: str) -> int:
    """The level of a skill; 0: they don't have it."""
    return member.levels.get(skill, 1) if skill in member.skills else 0


def next_work(member: Member, at: datetime) -> datetime | None:
    """The first instant from `at` on at which they work: `at` itself if they do; `None`: not within `HORIZON` days."""
    return next((max(start, at) for start, end in _shifts(member, at) if end > at), None)


def next_morning(member: Member, after: datetime) -> datetime | None:
    """When their next day of work starts, later than `after`; `None`: not within `HORIZON` days."""
    if not member.hours:
        zone = zone_of(member.timezone)
        day = after.astimezone(zone).date()
        mornings = (datetime.combine(day + timedelta(days=n), DIGEST_AT, zone) for n in range(HORIZON))
        found = (one.astimezone(UTC) for one in mornings if not is_absent(member, one.date()))
        return next((one for one in found if one > after), None)
    zone = zone_of(member.timezone)
    days: set[date] = set()
    for start, _ in _shifts(member, after):
        day = start.astimezone(zone).date()
        if day not in days and start > after:
            return start
        days.add(day)
    return None


def is_absent(member: Member, day: date) -> bool:
    """Whether they are away on that day, of their own time zone."""
    return any(one.first <= day <= one.last for one in member.absences)


def _shifts(member: Member, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Their shifts from the day before `at` on, in order, in UTC."""
    zone, shifts = zone_of(member.timezone), read_shifts(member.hours)
    first = at.astimezone(zone).date() - timedelta(days=1)
    for n in range(HORIZON):
        day = first + timedelta(days=n)
        if not is_absent(member, day):
            found = (shift.on(day, zone) for shift in shifts)
            yield from sorted((one[0].astimezone(UTC), one[1].astimezone(UTC)) for one in found if one is not None)
