"""What one of the staff should know in the morning. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from relevo_contracts.staff.member import Member
from relevo_contracts.zones import zone_of


class Pending(Protocol):
    """An open task, as far as a digest goes by it."""

    @property
    def shop(self) -> str:
        """The shop."""
        ...

    @property
    def assignee(self) -> str:
        """Who has it; empty: nobody."""
        ...

    @property
    def deadline(self) -> datetime | None:
        """Until when it is wanted."""
        ...

    @property
    def roles(self) -> Sequence[str]:
        """Who may take it."""
        ...


PendingT = TypeVar("PendingT", bound=Pending)


class Day(Struct, Generic[PendingT], frozen=True):
    """Somebody's tasks that are overdue, due that day or without a deadline, and those of nobody that they may take.

    Those are theirs to take whose roles they have, and those that need none and that nobody has the skill for.
    """

    overdue: tuple[PendingT, ...]
    today: tuple[PendingT, ...]
    undated: tuple[PendingT, ...]
    unassigned: tuple[PendingT, ...]

    def __bool__(self) -> bool:
        return bool(self.overdue or self.today or self.undated or self.unassigned)


def day_of(member: Member, tasks: Sequence[PendingT], at: datetime) -> Day[PendingT]:
    """The day that `at` is in, in their own time zone; `tasks` are open ones."""
    zone = zone_of(member.timezone)
    day = at.astimezone(zone).date()
    own = [(one, one.deadline) for one in tasks if one.shop == member.shop and one.assignee == member.name]
    dated = [(one, due) for one, due in own if due is not None]
    free = [one for one in tasks if one.shop == member.shop and not one.assignee]
    return Day(
        tuple(one for one, due in dated if due < at),
        tuple(one for one, due in dated if due >= at and due.astimezone(zone).date() == day),
        tuple(one for one, due in own if due is None),
        tuple(one for one in free if not one.roles or any(role in one.roles for role in member.roles)),
    )
