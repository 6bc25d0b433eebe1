"""What the staff of a test hears in virtual time, by the same rules as in the engine.

The engine's loop does the same on its tables: `relevo_engine.core.notices`.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from relevo_contracts.staff import Concern, Member, NoticeKind, UnassignedTask, choose, concerned, day_of, next_morning
from relevo_workflow.model.decision import Decision
from relevo_workflow.model.effects import CloseTask, EscalateTask, OpenTask, RemindTask
from relevo_workflow.model.state import Run
from relevo_workflow.testing.simulation import Simulation

_Kind: TypeAlias = NoticeKind | Literal["reassign", "digest"]


class HeardNotice(Struct, frozen=True):
    """Somebody hears of the task of a step; of several in a digest, which has no step."""

    at: datetime
    notice: NoticeKind | Literal["digest"]
    to: str
    step: str = ""
    tasks: tuple[str, ...] = ()


class _Task(Struct, frozen=True):
    """An open task."""

    shop: str
    asked: OpenTask
    skill: str
    roles: tuple[str, ...]
    level: int
    assignee: str = ""
    voted: tuple[str, ...] = ()

    @property
    def deadline(self) -> datetime | None:
        return self.asked.deadline

    def wanted(self, without: str = "") -> UnassignedTask:
        until = self.asked.deadline if without else None
        return UnassignedTask((self.shop, self.asked.id), self.skill, self.roles, self.level, without, until)

    def concern(self) -> Concern:
        return Concern(
            wanted=self.wanted(),
            assignee=self.assignee,
            needed=self.asked.needed,
            urgent=self.asked.urgent,
            voted=self.voted,
        )


class _Due(Struct, frozen=True, order=True):
    """What is to happen at a time: something is heard, a task goes to somebody else, or a day starts."""

    at: datetime
    number: int
    kind: _Kind
    task: str = ""
    member: str = ""


def heard_notices(simulation: Simulation, staff: Sequence[Member], start: datetime) -> list[HeardNotice]:
    """What `staff` hears from `start` to where the simulation stands, in order."""
    return list(_Office(simulation, staff).hear(start))


class _Office:
    """The staff, its open tasks and what it is still to hear."""

    def __init__(self, simulation: Simulation, staff: Sequence[Member]) -> None:
        self._simulation = simulation
        self._shop = simulation.shop.id
        zone = simulation.shop.timezone
        self._staff = [structs.replace(one, shop=self._shop, timezone=one.timezone or zone) for one in staff]
        self._tasks: dict[str, _Task] = {}
        self._runs: dict[str, Run] = {}
        self._due: list[_Due] = []
        self._number = 0

    def hear(self, start: datetime) -> Iterator[HeardNotice]:
        for one in self._staff:
            self._next_day(one, start)
        decisions = self._simulation.decisions
        for number, decision in enumerate(decisions):
            yield from self._until(decision.at, before=True)
            self._follow(decision)
            for effect in decision.effects:
                match effect:
                    case OpenTask() | RemindTask() | EscalateTask() | CloseTask():
                        self._carry_out(effect, decision.at)
                    case _:
                        pass
            if number + 1 == len(decisions) or decisions[number + 1].at > decision.at:
                yield from self._until(decision.at)
        yield from self._until(self._simulation.now)

    def _follow(self, decision: Decision) -> None:
        """A task is over when its run has left it; until then its votes count."""
        run = decision.run
        if run is None:
            return
        before = self._runs.get(run.id)
        self._runs[run.id] = run
        if before is None or before.effect_key not in self._tasks:
            return
        if run.state != "active" or run.turn != before.turn:
            del self._tasks[before.effect_key]
        else:
            task = self._tasks[before.effect_key]
            self._tasks[before.effect_key] = structs.replace(task, voted=tuple(vote.by for vote in run.votes))

    def _carry_out(self, effect: OpenTask | RemindTask | EscalateTask | CloseTask, at: datetime) -> None:
        match effect:
            case OpenTask():
                task = _Task(self._shop, effect, effect.skill, effect.roles, effect.level)
                self._give(task, task.wanted(), at)
                self._push(at, "opened", effect.id)
                if effect.reassign_at is not None:
                    self._push(effect.reassign_at, "reassign", effect.id)
            case RemindTask():
                self._push(at, "reminder", effect.id)
            case EscalateTask():
                self._escalate(effect, at)
            case CloseTask():
                self._tasks.pop(effect.id, None)

    def _escalate(self, to: EscalateTask, at: datetime) -> None:
        task = self._tasks.get(to.id)
        if task is None:
            return
        skill, level = (to.skill, to.level) if to.skill else (task.skill, task.level)
        roles = tuple(dict.fromkeys((*task.roles, *to.roles)))
        wanted = UnassignedTask((self._shop, to.id), to.skill, to.roles, to.level)
        self._give(structs.replace(task, skill=skill, level=level, roles=roles), wanted, at)
        self._push(at, "escalated", to.id)

    def _give(self, task: _Task, wanted: UnassignedTask, at: datetime) -> str:
        """To whoever fits best; who that is, empty if nobody does."""
        others = [one.assignee for id_, one in self._tasks.items() if one.assignee and id_ != task.asked.id]
        loads = {(self._shop, name): count for name, count in Counter(others).items()}
        name = choose([wanted], self._staff, loads, at)[wanted.ref].name
        self._tasks[task.asked.id] = structs.replace(task, assignee=name)
        return name

    def _push(self, at: datetime, kind: _Kind, task: str = "", member: str = "") -> None:
        self._number += 1
        heapq.heappush(self._due, _Due(at, self._number, kind, task, member))

    def _until(self, at: datetime, *, before: bool = False) -> Iterator[HeardNotice]:
        """What is heard until `at`; `before`: without what is at that very instant."""
        while self._due and (self._due[0].at < at or (self._due[0].at == at and not before)):
            yield from self._fire(heapq.heappop(self._due))

    def _fire(self, due: _Due) -> Iterator[HeardNotice]:
        if due.kind == "digest":
            yield from self._digest(due)
            return
        task = self._tasks.get(due.task)
        if task is None:
            return
        if due.kind == "reassign":
            name = self._give(task, task.wanted(task.assignee), due.at)
            if name:
                self._push(due.at, "reassigned", due.task, name)
            else:
                self._tasks[due.task] = task
            return
        for member, when in concerned(task.concern(), self._staff, due.at):
            if due.member and member.name != due.member:
                continue
            if when > due.at:
                self._push(when, due.kind, due.task, member.name)
            else:
                yield HeardNotice(due.at, due.kind, member.name, task.asked.step)

    def _digest(self, due: _Due) -> Iterator[HeardNotice]:
        member = next(one for one in self._staff if one.name == due.member)
        self._next_day(member, due.at)
        day = day_of(member, list(self._tasks.values()), due.at)
        if day:
            titles = tuple(one.asked.title for one in (*day.overdue, *day.today, *day.undated, *day.unassigned))
            yield HeardNotice(due.at, "digest", member.name, "", titles)

    def _next_day(self, member: Member, after: datetime) -> None:
        morning = next_morning(member, after) if member.active else None
        if morning is not None:
            self._push(morning, "digest", "", member.name)
