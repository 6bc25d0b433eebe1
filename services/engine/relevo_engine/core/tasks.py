"""What decisions mean for the tasks of the staff, and who may answer one. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, assert_never

from msgspec import Struct

from relevo_contracts.payloads import Instant
from relevo_contracts.staff import Considered, Member, TaskRef
from relevo_contracts.zones import zone_of
from relevo_engine.core.inputs import IncomingMessage
from relevo_workflow import (
    CloseTask,
    Decision,
    Definition,
    EscalateTask,
    OpenTask,
    RemindTask,
    Run,
    Shop,
    StaffStep,
    Subject,
    TaskInput,
)

TaskEffect = OpenTask | RemindTask | EscalateTask | CloseTask
Answer = Literal["completed", "approved", "rejected"]


class Vote(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one person said to a task."""

    by: str
    done: Answer
    at: Instant
    role: str = ""
    note: str = ""


class Task(Struct, frozen=True, kw_only=True):
    """A task as it is stored. `considered` says of each of the staff why they got it, or did not."""

    shop: str
    task_id: str
    run_id: str
    key: str
    workflow: str
    step: str
    title: str
    approval: bool
    skill: str
    roles: list[str]
    needed: int
    assignee: str
    status: Literal["open", "done", "closed"]
    opened_at: datetime
    deadline: datetime | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str = ""
    votes: list[Vote] = []
    version: str = ""
    skill_level: int = 0
    urgent: bool = False
    reassign_at: datetime | None = None
    considered: list[Considered] = []


class Opened(Struct, frozen=True, kw_only=True):
    """A task that is opened."""

    shop: str
    run_id: str
    key: str
    workflow: str
    at: datetime
    asked: OpenTask
    version: str = ""


class Change(Struct):
    """What becomes of a task; what is `None` or empty stays as it is."""

    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    escalation: EscalateTask | None = None
    closed_at: datetime | None = None
    status: str = "open"
    close_reason: str = ""
    votes: list[Vote] = []


class Revised(Struct, frozen=True, kw_only=True):
    """What the version of a run asks for at an open task; with `escalated_…` once the task was escalated.

    A skill that is `None` stays as it is.
    """

    ref: TaskRef
    deadline: datetime | None
    needed: int
    skill: str | None
    roles: tuple[str, ...]
    escalated_skill: str | None
    escalated_roles: tuple[str, ...]
    level: int = 0
    escalated_level: int = 0
    reassign_at: datetime | None = None


class TaskChanges(Struct):
    """What one batch does to tasks. `redacted` are customers (shop, key) whose tasks must say nothing of them."""

    opened: dict[TaskRef, Opened] = {}
    changed: dict[TaskRef, Change] = {}
    redacted: set[tuple[str, str]] = set()

    def __bool__(self) -> bool:
        return bool(self.opened or self.changed or self.redacted)

    def carry_out(self, effect: TaskEffect, arrived: IncomingMessage, decision: Decision) -> None:
        """Notes what an effect of `decision` asks for."""
        ref = (arrived.shop, effect.id)
        match effect:
            case OpenTask():
                run_id = decision.run.id if decision.run else ""
                self.opened[ref] = Opened(
                    shop=arrived.shop,
                    run_id=run_id,
                    key=arrived.key,
                    workflow=decision.workflow,
                    at=decision.at,
                    asked=effect,
                    version=decision.version,
                )
            case RemindTask():
                self._change(ref).reminded_at = decision.at
            case EscalateTask():
                change = self._change(ref)
                change.escalated_at, change.escalation = decision.at, effect
            case CloseTask():
                self._close(ref, "closed", effect.reason, decision.at)
            case _:
                assert_never(effect)

    def follow(
        self, arrived: IncomingMessage, before: Subject, decision: Decision, by_version: Mapping[str, Definition]
    ) -> None:
        """Notes what the staff said, and closes the task that a run has left: done, overtaken or redacted."""
        if decision.run is None:
            return
        run = next((run for run in before.runs if run.id == decision.run.id), None)
        if run is None or not _at_task(run, by_version):
            return
        ref = (arrived.shop, run.effect_key)
        left = decision.run.state != "active" or decision.run.turn != run.turn
        answer = arrived.input if isinstance(arrived.input, TaskInput) and arrived.input.task_id == ref[1] else None
        if answer is not None and (left or len(decision.run.votes) > len(run.votes)):
            one = Vote(by=answer.by, done=answer.done, at=answer.at, role=answer.role, note=answer.note)
            self._change(ref).votes.append(one)
        if left:
            how = ("done", f"{answer.done} by {answer.by}") if answer is not None else ("closed", decision.reason)
            self._close(ref, *how, decision.at)

    def _change(self, ref: TaskRef) -> Change:
        return self.changed.setdefault(ref, Change())

    def _close(self, ref: TaskRef, status: str, reason: str, at: datetime) -> None:
        change = self._change(ref)
        if change.closed_at is None:  # the first reason counts
            change.closed_at, change.status, change.close_reason = at, status, reason


def revised(shop: Shop, run: Run, definition: Definition) -> Revised | None:
    """What `run`, which was moved into the version `definition`, asks of the staff now; None if it is at no task.

    A skill that is Liquid was found when the task was opened, and stays.
    """
    step = definition.program.steps.get(run.step)
    if run.state != "active" or not isinstance(step, StaffStep):
        return None
    asked = step.assignment
    escalation, deadline = asked.escalation, run.timers.get("step")
    moves = escalation is not None and bool(escalation.skill)
    skill = asked.skill if asked.named_skill is None else None
    return Revised(
        ref=(shop.id, run.effect_key),
        deadline=deadline,
        needed=asked.needed,
        skill=skill,
        roles=asked.roles,
        escalated_skill=(escalation.skill if escalation is not None else "") or skill,
        escalated_roles=tuple(dict.fromkeys((*asked.roles, *(escalation.roles if escalation is not None else ())))),
        level=asked.level or 0,
        escalated_level=(escalation.level if escalation is not None and moves else asked.level) or 0,
        reassign_at=asked.reassigned_at(deadline, zone_of(shop.timezone)),
    )


def _at_task(run: Run, by_version: Mapping[str, Definition]) -> bool:
    definition = by_version.get(run.version)
    return definition is not None and isinstance(definition.program.steps.get(run.step), StaffStep)


def may_vote(task: Task, member: Member) -> str:
    """The role in which `member` may answer `task`; empty if it wants a role that they have not."""
    return next((role for role in member.roles if role in task.roles), "")


def refusal(task: Task, by: str, member: Member | None, answer: Answer) -> str:
    """Why `by` can't give this answer; empty: they can."""
    if member is None or not member.active:
        return f"{by} is not on the staff of {task.shop}: add them with `relevo tasks staff add`"
    if task.status != "open":
        return f"the task is {task.status} already ({task.close_reason})"
    if task.approval != (answer != "completed"):
        return (
            f"this task asks for {'a decision: approve or reject it' if task.approval else 'no decision: complete it'}"
        )
    if task.roles and not may_vote(task, member):
        return f"{by} has none of the roles {', '.join(task.roles)}"
    if any(one.by == by for one in task.votes):
        return f"{by} has voted already"
    return ""
