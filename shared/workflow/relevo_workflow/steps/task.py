"""`task`: asks the staff to do something and waits until it is done or its deadline is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from relevo_workflow.expressions.shapes import Shape, staff_result_shape
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import CloseTask, Effect, EscalateTask, OpenTask, RemindTask
from relevo_workflow.model.inputs import TaskInput
from relevo_workflow.model.state import Run
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import Moment, MovedRun, Step, Transition
from relevo_workflow.steps.step_type import StepType
from relevo_workflow.steps.words import duration_in_words, liquid_in_words
from relevo_workflow.syntax.declared_fields import (
    StepField,
    duration_field,
    liquid_field,
    node_field,
    save_field,
    schema_of,
    text_field,
    texts_field,
)
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import TEXT
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_texts import read_liquid
from relevo_workflow.values.value import LiquidText


@dataclass(frozen=True, slots=True)
class Escalation:
    """After how long a task goes to whom."""

    after: timedelta
    skill: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the staff is asked for, and what happens when nobody answers. `needed`: how many have to say yes."""

    title: LiquidText
    skill: str
    roles: tuple[str, ...]
    deadline: timedelta | None
    reminder: timedelta | None
    escalation: Escalation | None
    save: str
    needed: int = 1


@dataclass(frozen=True, slots=True)
class StaffStep(Step):
    """A step at which the staff is asked; a run rests at it until the answer or the deadline.

    `approval`: people are asked for a yes or no.
    """

    assignment: Assignment
    approval: ClassVar[bool] = False
    box = "staff"
    rests = True
    acts = True
    acts_at_once = True

    def expired_target(self) -> str:
        """Where the run goes on when the deadline is over."""
        return self.next

    def saves(self) -> list[tuple[str, frozenset[str]]]:
        """The result."""
        return [(target, frozenset((self.assignment.save,))) for target in self.targets()]

    def waits_for_certain(self) -> bool:
        """Somebody has to answer."""
        return True

    def enter(self, moment: Moment) -> Transition:
        """Opens the task."""
        asked, scope, trace = self.assignment, moment.scope(), list[Check]()
        opened = OpenTask(
            id=moment.run.effect_key,
            step=self.id,
            title=asked.title.compute(scope, self.id, trace) or asked.title.text,
            skill=asked.skill,
            roles=asked.roles,
            deadline=scope.now + asked.deadline if asked.deadline is not None else None,
            approval=self.approval,
            needed=asked.needed,
        )
        lengths = _lengths(asked)
        timers = {name: moment.at + length for name, length in lengths.items() if length is not None}
        return Transition(effects=(opened,), timers=timers, trace=trace, reason=f"waits for the staff: {opened.title}")

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """The reminder, the escalation, or the deadline."""
        if name == "reminder":
            return Transition(effects=(RemindTask(id=moment.run.effect_key),), reason="the staff was reminded")
        if name == "escalate":
            return self._escalated(moment)
        saved = {self.assignment.save: {"status": "expired", "at": moment.at.isoformat()}}
        reason = "the deadline is over"
        return Transition(next=self.expired_target(), leaves=reason, saved=saved, labels=("expired",))

    def _escalated(self, moment: Moment) -> Transition:
        to = self.assignment.escalation
        if to is None:
            return Transition()
        effect = EscalateTask(id=moment.run.effect_key, skill=to.skill, roles=to.roles)
        return Transition(effects=(effect,), reason=f"escalated to {to.skill or ', '.join(to.roles)}")

    def on_leave(self, moment: Moment, reason: str) -> tuple[Effect, ...]:
        """The task closes where there is a reason for the staff; one that was answered is closed."""
        return (CloseTask(id=moment.run.effect_key, reason=reason),) if reason else ()

    def about(self) -> tuple[str, ...]:
        """Its title."""
        return (self.assignment.title.text,)

    def timers_when_moved(self, was: Step, moved: MovedRun) -> dict[str, datetime | None]:
        """Counted from when it was asked; a reminder or an escalation that was sent already is not sent again."""
        if not isinstance(was, StaffStep):
            return Step.timers_when_moved(self, was, moved)
        run, entered = moved.run, _entered(was.assignment, moved.run)
        asked_before = _lengths(was.assignment)
        return {
            name: entered + length
            if length is not None and (name == "step" or asked_before[name] is None or name in run.timers)
            else None
            for name, length in _lengths(self.assignment).items()
        }

    def limits_in_words(self) -> str:
        """When the staff is reminded, who is asked then, and how long there is."""
        asked, limits = self.assignment, list[str]()
        if asked.reminder is not None:
            limits.append(f"reminds after {duration_in_words(asked.reminder)}")
        if asked.escalation is not None:
            whom = asked.escalation.skill or ", ".join(asked.escalation.roles) or "everybody"
            limits.append(f"goes to {whom} after {duration_in_words(asked.escalation.after)}")
        if asked.deadline is not None:
            limits.append(f"within {duration_in_words(asked.deadline)}")
        return f"\n({', '.join(limits)})" if limits else ""


@dataclass(frozen=True, slots=True)
class TaskStep(StaffStep):
    """Asks the staff to do something."""

    noun = "task"

    def on_task(self, moment: Moment, answer: TaskInput) -> Transition:
        """It is done."""
        del moment
        saved = {self.assignment.save: staff_result("completed", answer)}
        return Transition(next=self.next, leaves="", saved=saved, labels=("completed",))

    def in_words(self) -> str:
        """`asks support: call them`."""
        whom = self.assignment.skill or ", ".join(self.assignment.roles) or "the staff"
        return f"asks {whom}: {liquid_in_words(self.assignment.title.text)}{self.limits_in_words()}"


def _lengths(asked: Assignment) -> dict[str, timedelta | None]:
    """The timers of a task, each with its length."""
    after = asked.escalation.after if asked.escalation is not None else None
    return {"step": asked.deadline, "reminder": asked.reminder, "escalate": after}


def _entered(asked: Assignment, run: Run) -> datetime:
    for name, length in _lengths(asked).items():
        if name in run.timers and length is not None:
            return run.timers[name] - length
    return run.at


def staff_result(status: str, answer: TaskInput) -> dict[str, object]:
    """What a run keeps of the staff's answer."""
    return {
        "status": status,
        "by": answer.by,
        "note": answer.note,
        "data": answer.data,
        "at": answer.at.isoformat(),
    }


AFTER = duration_field("after", "how long after the opening", required=True)
SKILL = text_field("skill", "who can do it, by skill")
ROLES = texts_field("roles", "who may do it, by role")
_ESCALATION = (AFTER, SKILL, ROLES)

TITLE = liquid_field("title", "what is to be done; Liquid", {**TEXT, "description": "Liquid"})
DEADLINE = duration_field("deadline", "how long there is")
REMINDER = duration_field("reminder", "when the staff is reminded")
ESCALATE = node_field("escalate", schema_of(_ESCALATION), "`after` how long it goes to another `skill` or `roles`")
SAVE = save_field("keeps the result as `run.<name>`: `status`, `by`, `note`, `data`, `at`")
FIELDS: tuple[StepField[Any], ...] = (TITLE, SKILL, ROLES, DEADLINE, REMINDER, ESCALATE, SAVE)


def read_assignment(fields: Fields, reading: StepReading) -> Assignment:
    """What tasks and approvals have in common."""
    title, deadline, reminder = TITLE.read(fields), DEADLINE.read(fields), REMINDER.read(fields)
    if reminder is not None and deadline is not None and reminder >= deadline:
        fields.wrong("reminder", "the reminder comes after the deadline")
    escalate = ESCALATE.read(fields)
    escalation = _escalation(escalate, reading) if escalate is not None else None
    if escalate is not None and escalation is not None and deadline is not None and escalation.after >= deadline:
        reading.problems.error(escalate.position, "the escalation comes after the deadline")
    return Assignment(
        read_liquid(title, reading.environment, reading.problems) if title else LiquidText(None, ""),
        SKILL.read(fields),
        ROLES.read(fields),
        deadline,
        reminder,
        escalation,
        SAVE.read(fields),
    )


def _escalation(node: Node, reading: StepReading) -> Escalation:
    fields = Fields(node, reading.problems, "escalate")
    escalation = Escalation(AFTER.read(fields) or timedelta(days=1), SKILL.read(fields), ROLES.read(fields))
    if not escalation.skill and not escalation.roles:
        reading.problems.error(node.position, "escalate needs 'skill' or 'roles'")
    fields.done()
    return escalation


def _read(reading: StepReading) -> Step | None:
    fields = reading.fields("task")
    assignment = read_assignment(fields, reading)
    fields.done()
    return TaskStep(reading.node.id, reading.after, assignment)


def _shape(body: Node, name: str) -> Shape:
    """The shape of what is kept of the staff's answer."""
    del body, name
    return staff_result_shape("completed", "expired")


TASK = StepType(
    keyword="task",
    summary="asks the staff to do something, and waits until it is done or the deadline is over",
    read=_read,
    fields=FIELDS,
    body={"$ref": "#/$defs/task"},
    shape=_shape,
    numbered=True,
)
