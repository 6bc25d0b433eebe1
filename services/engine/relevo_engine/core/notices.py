"""What the staff hears of tasks, and of their day: who hears what, and when. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal

from msgspec import Struct

from relevo_contracts.staff import (
    Concern,
    Day,
    Member,
    NoticeKind,
    TaskRef,
    UnassignedTask,
    concerned,
    day_of,
    next_morning,
)
from relevo_contracts.zones import zone_of
from relevo_engine.core.tasks import Task, TaskChanges

LATE = timedelta(hours=12)
"""A digest that comes so much later than the morning is left out: the next one says it all again."""


class Notice(Struct, frozen=True):
    """What somebody is to hear at `due_at`; without `member` whoever the task concerns then.

    `reassign` is the time at which an open task goes to somebody else.
    """

    shop: str
    id: str
    kind: NoticeKind | Literal["reassign", "digest"]
    task_id: str
    member: str
    due_at: datetime

    @property
    def ref(self) -> TaskRef:
        """The task."""
        return self.shop, self.task_id

    @classmethod
    def about(cls, ref: TaskRef, kind: NoticeKind, at: datetime) -> "Notice":
        """For whoever the task concerns."""
        return cls(ref[0], f"{ref[1]}/{kind}", kind, ref[1], "", at)

    @classmethod
    def assigned(cls, ref: TaskRef, name: str, at: datetime, kind: NoticeKind = "assigned") -> "Notice":
        """For whoever has got the task now."""
        return cls(ref[0], f"{ref[1]}/{kind}/{digest_of(name)}", kind, ref[1], name, at)

    @classmethod
    def reassigning(cls, ref: TaskRef, at: datetime) -> "Notice":
        """When the task goes to somebody else."""
        return cls(ref[0], f"{ref[1]}/reassign", "reassign", ref[1], "", at)

    @classmethod
    def of_digest(cls, shop: str, name: str, at: datetime) -> "Notice":
        """Somebody's next digest."""
        return cls(shop, f"digest/{name}", "digest", "", name, at)


class TaskNews(Struct, frozen=True, kw_only=True):
    """One of the staff hears of a task. `id` is the key of it, the same each time."""

    id: str
    kind: NoticeKind
    member: Member
    task: Task


class Digest(Struct, frozen=True, kw_only=True):
    """What one of the staff hears in the morning: their tasks that are overdue or due today, and those of nobody."""

    id: str
    member: Member
    day: Day[Task]


class StaffNews(Struct):
    """What the staff hears now, and what later."""

    of_tasks: list[TaskNews] = []
    digests: list[Digest] = []
    later: list[Notice] = []


def digest_of(name: str) -> str:
    """A name as a part of a key."""
    return blake2b(name.encode(), digest_size=6).hexdigest()


def of_changes(changes: TaskChanges, now: datetime) -> list[Notice]:
    """What the staff is to hear of what a batch does to tasks; nothing of those that are over."""
    found: list[Notice] = []
    closed = {ref for ref, one in changes.changed.items() if one.closed_at is not None}
    for ref, opened in changes.opened.items():
        if ref not in closed:
            found.append(Notice.about(ref, "opened", now))
            if opened.asked.reassign_at is not None:
                found.append(Notice.reassigning(ref, opened.asked.reassign_at))
    for ref, change in changes.changed.items():
        if ref not in closed and change.escalation is not None:
            found.append(Notice.about(ref, "escalated", now))
        if ref not in closed and change.reminded_at is not None:
            found.append(Notice.about(ref, "reminder", now))
    return found


def concern_of(task: Task) -> Concern:
    """A task as far as it decides who hears of it."""
    wanted = UnassignedTask((task.shop, task.task_id), task.skill, tuple(task.roles), task.skill_level)
    voted = tuple(one.by for one in task.votes)
    return Concern(wanted=wanted, assignee=task.assignee, needed=task.needed, urgent=task.urgent, voted=voted)


def settle(notice: Notice, task: Task, staff: Sequence[Member], now: datetime, news: StaffNews) -> None:
    """Adds to `news` who hears of an open task now, and who does when they are at work.

    Whoever it no longer concerns hears nothing.
    """
    kind = notice.kind
    if kind == "reassign" or kind == "digest":  # noqa: PLR1714 - mypy narrows so
        return
    mine = [one for one in staff if one.shop == notice.shop]
    for member, at in concerned(concern_of(task), mine, now):
        if notice.member and member.name != notice.member:
            continue
        own = Notice.assigned(notice.ref, member.name, at, kind)
        if at > now:
            news.later.append(own)
        else:
            news.of_tasks.append(TaskNews(id=own.id, kind=kind, member=member, task=task))


def settle_digest(notice: Notice, member: Member, pressing: Sequence[Task], now: datetime, news: StaffNews) -> None:
    """Adds to `news` the digest of somebody, if it says anything, and when the next one is due."""
    following = next_morning(member, now)
    if following is not None:
        news.later.append(Notice.of_digest(member.shop, member.name, following))
    if now - notice.due_at < LATE and (digest := digest_for(member, pressing, notice.due_at)) is not None:
        news.digests.append(digest)


def digest_for(member: Member, pressing: Sequence[Task], at: datetime) -> Digest | None:
    """The digest of the day of `at`, in their own time zone; `None` if it would be empty."""
    found = day_of(member, pressing, at)
    if not found:
        return None
    day = at.astimezone(zone_of(member.timezone)).date()
    return Digest(id=f"digest/{digest_of(member.name)}/{day.isoformat()}", member=member, day=found)


def first_digests(
    staff: Mapping[tuple[str, str], Member], without: Sequence[tuple[str, str]], now: datetime
) -> list[Notice]:
    """The next digest of each of those who have none ahead."""
    found = [(ref, next_morning(staff[ref], now)) for ref in without if ref in staff]
    return [Notice.of_digest(*ref, at) for ref, at in found if at is not None]
