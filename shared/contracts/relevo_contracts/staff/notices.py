"""Who of the staff hears of a task, and when. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from relevo_contracts.staff.assignment import UnassignedTask
from relevo_contracts.staff.member import Member, next_work

NoticeKind = Literal["opened", "assigned", "reminder", "escalated", "reassigned"]
"""What is told: a task is there, is yours now, is still open, came to you by escalation, or before it expires."""


class Concern(Struct, frozen=True, kw_only=True):
    """An open task, as far as it decides who hears of it.

    `needed` people have to answer: with more than one, everybody who may hears of it. `urgent`: also out of hours.
    """

    wanted: UnassignedTask
    assignee: str
    needed: int = 1
    urgent: bool = False
    voted: tuple[str, ...] = ()


def group(task: Concern, staff: Sequence[Member]) -> list[Member]:
    """Everybody who can be asked for it: those who fit, or else those who may answer; in order of their names."""
    fitting = [one for one in staff if task.wanted.fits(one)]
    roles = task.wanted.roles
    able = fitting or [one for one in staff if one.active and roles and any(role in roles for role in one.roles)]
    return sorted((one for one in able if one.name not in task.voted), key=lambda one: one.name)


def concerned(task: Concern, staff: Sequence[Member], at: datetime) -> list[tuple[Member, datetime]]:
    """Who hears of the task that is told at `at`, and when each does.

    The assignee; everybody of the group if it is nobody's, or several have to answer. Out of their working hours they
    hear of it when these begin, unless it is urgent; who is away for good hears nothing.
    """
    mine = [one for one in staff if one.active and one.name == task.assignee and one.name not in task.voted]
    several = task.needed > 1 or not task.assignee
    whom = mine + [one for one in group(task, staff) if one.name != task.assignee] if several else mine
    found = [(one, at if task.urgent else next_work(one, at)) for one in whom]
    return [(one, when) for one, when in found if when is not None]
