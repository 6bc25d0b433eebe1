"""Who gets a task: someone who can do it and has the least to do. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from relevo_engine.core.tasks import Member, TaskRef


class UnassignedTask(Struct, frozen=True):
    """A task that needs somebody with `skill` and one of `roles`, as far as they are given."""

    ref: TaskRef
    skill: str
    roles: tuple[str, ...]

    def fits(self, member: Member) -> bool:
        """Whether `member` can be asked."""
        return (
            member.active
            and member.shop == self.ref[0]
            and (not self.skill or self.skill in member.skills)
            and (not self.roles or any(role in self.roles for role in member.roles))
        )


def assign(
    wanted: Iterable[UnassignedTask], staff: Sequence[Member], loads: Mapping[tuple[str, str], int]
) -> dict[TaskRef, str]:
    """The assignee of each task, in order: of those who fit the one with the fewest open tasks, by name if equal.

    `loads` are the open tasks by (shop, name) before. A task that nobody fits gets an empty name.
    """
    counts = dict(loads)
    chosen: dict[TaskRef, str] = {}
    for task in wanted:
        fitting = [member.name for member in staff if task.fits(member)]
        shop = task.ref[0]
        name = min(fitting, key=lambda one: (counts.get((shop, one), 0), one), default="")
        chosen[task.ref] = name
        if name:
            counts[(shop, name)] = counts.get((shop, name), 0) + 1
    return chosen
