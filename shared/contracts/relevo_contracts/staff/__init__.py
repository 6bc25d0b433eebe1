"""The staff of a shop: who they are, when they work, who of them gets a task, and who hears of it. Pure.

The engine and the tests of workflows ask the same functions.
"""

from relevo_contracts.staff.assignment import Choice, Considered, TaskRef, UnassignedTask, assign, choose
from relevo_contracts.staff.digest import Day, day_of
from relevo_contracts.staff.member import Absence, Member, StaffChannel, level_of, next_morning, next_work
from relevo_contracts.staff.notices import Concern, NoticeKind, concerned, group
from relevo_contracts.staff.shifts import Shift, read_shifts
from relevo_contracts.staff.working_time import after_work, before_work

__all__ = [
    "Absence",
    "Choice",
    "Concern",
    "Considered",
    "Day",
    "Member",
    "NoticeKind",
    "Shift",
    "StaffChannel",
    "TaskRef",
    "UnassignedTask",
    "after_work",
    "assign",
    "before_work",
    "choose",
    "concerned",
    "day_of",
    "group",
    "level_of",
    "next_morning",
    "next_work",
    "read_shifts",
]
