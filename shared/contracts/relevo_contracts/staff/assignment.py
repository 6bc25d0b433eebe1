"""Who gets a task: someone who can do it, is at work, and has the least to do. Pure, and it says why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from relevo_contracts.staff.member import Member, level_of, next_work

TaskRef = tuple[str, str]  # (shop, task id)
UNLIMITED = 10
"""Whoever has no capacity of their own is compared as one who takes so many tasks."""
MOST_CONSIDERED = 20
"""So many of the staff are named with a task."""


class UnassignedTask(Struct, frozen=True):
    """A task that needs somebody with `skill` at `level` and one of `roles`, as far as they are given.

    `without` is somebody who does not get it: whoever had it. Who starts work at `until` or later is of no use to it.
    """

    ref: TaskRef
    skill: str
    roles: tuple[str, ...]
    level: int = 0
    without: str = ""
    until: datetime | None = None

    def fits(self, member: Member) -> bool:
        """Whether `member` can be asked, whenever they work and whatever else they have to do."""
        return member.shop == self.ref[0] and not self.unfit(member)

    def unfit(self, member: Member) -> str:
        """Why `member` can't be asked; empty: they can."""
        if not member.active:
            return "is away"
        if self.roles and not any(role in self.roles for role in member.roles):
            return f"has none of the roles {', '.join(self.roles)}"
        if self.skill and level_of(member, self.skill) < max(self.level, 1):
            has = level_of(member, self.skill)
            return f"has {self.skill} at level {has}, not {self.level}" if has else f"does not have {self.skill}"
        return "had it before" if member.name == self.without else ""


class Considered(Struct, frozen=True):
    """One of the staff, and why they got the task or did not."""

    name: str
    why: str


class Choice(Struct, frozen=True):
    """Who gets a task (empty: nobody), and what was said of each of the staff, the chosen one first."""

    name: str
    considered: tuple[Considered, ...] = ()


def assign(
    wanted: Iterable[UnassignedTask],
    staff: Sequence[Member],
    loads: Mapping[tuple[str, str], int],
    at: datetime | None = None,
) -> dict[TaskRef, str]:
    """The assignee of each task, as `choose` says it."""
    return {ref: one.name for ref, one in choose(wanted, staff, loads, at).items()}


def choose(
    wanted: Iterable[UnassignedTask],
    staff: Sequence[Member],
    loads: Mapping[tuple[str, str], int],
    at: datetime | None = None,
) -> dict[TaskRef, Choice]:
    """Who gets each task at `at`, in order; without a time everybody is at work.

    Of those who fit and have room: who works now, or else starts next; of these the one with the least to do for their
    capacity, then whose level is nearest to what is asked, then by name. `loads` are the open tasks by (shop, name)
    before; each choice counts for the next.
    """
    counts = dict(loads)
    chosen: dict[TaskRef, Choice] = {}
    for task in wanted:
        here = [member for member in staff if member.shop == task.ref[0]]
        rows = [_Candidate(member, task, counts.get((task.ref[0], member.name), 0), at) for member in here]
        chosen[task.ref] = choice = _choice(rows)
        if choice.name:
            counts[task.ref[0], choice.name] = counts.get((task.ref[0], choice.name), 0) + 1
    return chosen


class _Candidate:
    """One of the staff in view of one task."""

    def __init__(self, member: Member, task: UnassignedTask, load: int, at: datetime | None) -> None:
        self.name = member.name
        self.load = load
        self.share = load / (member.capacity or UNLIMITED)
        self.surplus = level_of(member, task.skill) - max(task.level, 1) if task.skill else 0
        self.work = at
        self.unfit = task.unfit(member)
        if not self.unfit and member.capacity and load >= member.capacity:
            self.unfit = f"has {_tasks(load)}, as many as they take"
        if not self.unfit and at is not None:
            self.work = next_work(member, at)
            if self.work is None:
                self.unfit = "is away for more than a year"
            elif task.until is not None and self.work >= task.until:
                self.unfit = "does not work before the deadline"


def _choice(rows: Sequence[_Candidate]) -> Choice:
    fitting = [one for one in rows if not one.unfit]
    soonest = min((one.work for one in fitting if one.work is not None), default=None)
    present = [one for one in fitting if one.work == soonest]
    best = min(present, key=lambda one: (one.share, one.surplus, one.name), default=None)
    considered = sorted(_reasons(rows, best), key=lambda one: (best is None or one.name != best.name, one.name))
    return Choice(best.name if best is not None else "", tuple(considered[:MOST_CONSIDERED]))


def _reasons(rows: Sequence[_Candidate], best: _Candidate | None) -> Iterator[Considered]:
    for one in rows:
        if one is best:
            yield Considered(one.name, f"chosen: fits, is the first at work, and has {_tasks(one.load)}")
        elif one.unfit or best is None:
            yield Considered(one.name, one.unfit)
        else:
            yield Considered(one.name, _why_not(one, best))


def _why_not(one: _Candidate, best: _Candidate) -> str:
    if one.work != best.work and one.work is not None:
        return f"works from {one.work:%Y-%m-%d %H:%M} UTC on, {best.name} sooner"
    if one.share != best.share:
        return f"has {_tasks(one.load)}, which is more for their capacity than what {best.name} has"
    if one.surplus != best.surplus:
        return f"is above the level that is asked by more than {best.name}"
    return f"is equal to {best.name}, who comes first by name"


def _tasks(load: int) -> str:
    return f"{load} open task" if load == 1 else f"{load} open tasks"
