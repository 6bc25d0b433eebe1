"""`task`: asks the staff to do something and waits until it is done or its deadline is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar

from relevo_contracts.staff import Shift, after_work, before_work, read_shifts
from relevo_templates.texts import is_liquid
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
    count_field,
    duration_field,
    liquid_field,
    node_field,
    save_field,
    schema_of,
    text_field,
    texts_field,
    yes_or_no_field,
)
from relevo_workflow.syntax.fields import Fields
from relevo_workflow.syntax.json_shapes import DURATION, TEXT
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.liquid_texts import read_liquid
from relevo_workflow.values.value import LiquidText

HIGHEST_LEVEL = 5


@dataclass(frozen=True, slots=True)
class Escalation:
    """After how long a task goes to whom."""

    after: timedelta
    skill: str
    roles: tuple[str, ...]
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the staff is asked for, and what happens when nobody answers. `needed`: how many have to say yes.

    `skill` is as it is written: `named_skill` has the one of a run where that is Liquid. `level` is the least of it,
    none: any. `reassign`: so long before the deadline it goes to somebody else. In `hours`, where there are any, all
    these times are counted, by the shop's clock.
    """

    title: LiquidText
    skill: str
    roles: tuple[str, ...]
    deadline: timedelta | None
    reminder: timedelta | None
    escalation: Escalation | None
    save: str
    needed: int = 1
    level: int | None = None
    urgent: bool = False
    reassign: timedelta | None = None
    named_skill: LiquidText | None = None
    hours: tuple[Shift, ...] = ()

    def after(self, at: datetime, length: timedelta, zone: tzinfo) -> datetime:
        """When `length` has passed since `at`."""
        return after_work(at, length, self.hours, zone) if self.hours else at + length

    def before(self, until: datetime, length: timedelta, zone: tzinfo) -> datetime:
        """So long before `until`."""
        return before_work(until, length, self.hours, zone) if self.hours else until - length

    def reassigned_at(self, deadline: datetime | None, zone: tzinfo) -> datetime | None:
        """When it goes to somebody else; `None`: it does not."""
        if deadline is None or self.reassign is None:
            return None
        return self.before(deadline, self.reassign, zone)


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
        zone, skill = moment.zone("shop"), asked.skill
        if asked.named_skill is not None:
            skill = asked.named_skill.compute(scope, self.id, trace).strip()
        deadline = asked.after(scope.now, asked.deadline, zone) if asked.deadline is not None else None
        opened = OpenTask(
            id=moment.run.effect_key,
            step=self.id,
            title=asked.title.compute(scope, self.id, trace) or asked.title.text,
            skill=skill,
            roles=asked.roles,
            deadline=deadline,
            approval=self.approval,
            needed=asked.needed,
            level=asked.level or 0,
            urgent=asked.urgent,
            reassign_at=asked.reassigned_at(deadline, zone),
        )
        lengths = _lengths(asked)
        timers = {name: asked.after(moment.at, length, zone) for name, length in lengths.items() if length is not None}
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
        effect = EscalateTask(id=moment.run.effect_key, skill=to.skill, roles=to.roles, level=to.level or 0)
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
        run, zone = moved.run, moved.zone("shop")
        entered, asked_before = _entered(was.assignment, run, zone), _lengths(was.assignment)
        return {
            name: self.assignment.after(entered, length, zone)
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
        if asked.reassign is not None:
            limits.append(f"goes to somebody else {duration_in_words(asked.reassign)} before the end")
        if asked.deadline is not None:
            limits.append(f"within {duration_in_words(asked.deadline)}")
        if asked.hours and limits:
            limits.append("counted in working hours")
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
        whom = liquid_in_words(self.assignment.skill) or ", ".join(self.assignment.roles) or "the staff"
        return f"asks {whom}: {liquid_in_words(self.assignment.title.text)}{self.limits_in_words()}"


def _lengths(asked: Assignment) -> dict[str, timedelta | None]:
    """The timers of a task, each with its length."""
    after = asked.escalation.after if asked.escalation is not None else None
    return {"step": asked.deadline, "reminder": asked.reminder, "escalate": after}


def _entered(asked: Assignment, run: Run, zone: tzinfo) -> datetime:
    for name, length in _lengths(asked).items():
        if name in run.timers and length is not None:
            return asked.before(run.timers[name], length, zone)
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


_SKILL_NAME = text_field("name", "the skill", required=True)
_LEVEL = count_field("level", 1, "the least level of it, 1 to 5")
_BEFORE = duration_field("before", "how long before the deadline", required=True)
AFTER = duration_field("after", "how long after the opening", required=True)
SKILL = node_field(
    "skill",
    {"anyOf": [TEXT, schema_of((_SKILL_NAME, _LEVEL))]},
    "who can do it, by skill (Liquid); `{name: warehouse, level: 3}` for the least level, 1 to 5",
    holds="text",
)
ROLES = texts_field("roles", "who may do it, by role")
_ESCALATION = (AFTER, SKILL, ROLES)

TITLE = liquid_field("title", "what is to be done; Liquid", {**TEXT, "description": "Liquid"})
DEADLINE = duration_field("deadline", "how long there is")
REMINDER = node_field(
    "reminder",
    {"anyOf": [DURATION, schema_of((_BEFORE,))]},
    "how long after the opening the staff is reminded; or `{before: 4h}`, how long before the deadline",
)
ESCALATE = node_field("escalate", schema_of(_ESCALATION), "`after` how long it goes to another `skill` or `roles`")
URGENT = yes_or_no_field("urgent", "whether the staff hears of it out of working hours too")
REASSIGN = node_field(
    "reassign", schema_of((_BEFORE,)), "`{before: 4h}`: so long before the deadline it goes to somebody else who fits"
)
HOURS = texts_field("hours", "in which all these times are counted, by the shop's clock: `mon-fri 09:00-17:00`")
SAVE = save_field("keeps the result as `run.<name>`: `status`, `by`, `note`, `data`, `at`")
FIELDS: tuple[StepField[Any], ...] = (
    *(TITLE, SKILL, ROLES, DEADLINE, REMINDER, ESCALATE, REASSIGN, HOURS, URGENT, SAVE),
)


def read_assignment(fields: Fields, reading: StepReading) -> Assignment:
    """What tasks and approvals have in common."""
    title, deadline = TITLE.read(fields), DEADLINE.read(fields)
    reminder = _reminder(fields, reading, deadline)
    if reminder is not None and deadline is not None and reminder >= deadline:
        fields.wrong("reminder", "the reminder comes after the deadline")
    escalate = ESCALATE.read(fields)
    escalation = _escalation(escalate, reading) if escalate is not None else None
    if escalate is not None and escalation is not None and deadline is not None and escalation.after >= deadline:
        reading.problems.error(escalate.position, "the escalation comes after the deadline")
    skill, level = _skill(fields, reading)
    return Assignment(
        read_liquid(title, reading.environment, reading.problems) if title else LiquidText(None, ""),
        skill,
        ROLES.read(fields),
        deadline,
        reminder,
        escalation,
        SAVE.read(fields),
        level=level,
        urgent=URGENT.read(fields),
        reassign=_reassign(fields, reading, deadline),
        named_skill=_named_skill(fields, reading),
        hours=_hours(fields),
    )


def _named_skill(fields: Fields, reading: StepReading) -> LiquidText | None:
    """The skill as Liquid; `None`: it is the same for every run."""
    node = SKILL.read(fields)
    name = (node.entries or {}).get("name", node) if node is not None else None
    return (
        read_liquid(name, reading.environment, reading.problems) if name is not None and is_liquid(name.text) else None
    )


def _hours(fields: Fields) -> tuple[Shift, ...]:
    """The hours in which time is counted; none: always."""
    texts = HOURS.read(fields)
    try:
        return read_shifts(texts) if texts else ()
    except ValueError as error:
        fields.wrong("hours", str(error))
        return ()


def _skill(fields: Fields, reading: StepReading) -> tuple[str, int | None]:
    """The skill that is asked for, and its least level (none: any)."""
    node = SKILL.read(fields)
    if node is None or node.entries is None:
        return fields.text("skill"), None
    inner = Fields(node, reading.problems, "skill", "skill: {name: warehouse, level: 3}")
    name, level = _SKILL_NAME.read(inner), _LEVEL.read(inner)
    if level > HIGHEST_LEVEL:
        inner.wrong("level", f"a level is from 1 to {HIGHEST_LEVEL}, not {level}", "level: 3")
    inner.done()
    return name, level


def _reminder(fields: Fields, reading: StepReading, deadline: timedelta | None) -> timedelta | None:
    """How long after the opening the staff is reminded."""
    node = REMINDER.read(fields)
    if node is None or node.entries is None:
        return fields.duration("reminder")
    before = _before(node, reading, "reminder", deadline)
    return deadline - before if before is not None and deadline is not None and before < deadline else None


def _before(node: Node, reading: StepReading, what: str, deadline: timedelta | None) -> timedelta | None:
    """The length of `{before: 4h}`, which lies within the deadline; else the problem is noted."""
    inner = Fields(node, reading.problems, what, f"{what}: {{before: 4h}}")
    before = _BEFORE.read(inner)
    inner.done()
    if deadline is None:
        reading.problems.error(node.position, f"'{what}' needs a deadline to be before", "deadline: 2d")
    elif before is not None and before >= deadline:
        reading.problems.error(node.position, f"'{what}' would come before the task is opened")
    return before


def _reassign(fields: Fields, reading: StepReading, deadline: timedelta | None) -> timedelta | None:
    """How long before the deadline the task goes to somebody else."""
    node = REASSIGN.read(fields)
    if node is None:
        return None
    return _before(node, reading, "reassign", deadline)


def _escalation(node: Node, reading: StepReading) -> Escalation:
    fields = Fields(node, reading.problems, "escalate")
    after = AFTER.read(fields) or timedelta(days=1)
    skill, level = _skill(fields, reading)
    if is_liquid(skill):
        fields.wrong("skill", "the skill of an escalation is the same for every run", "skill: service")
    escalation = Escalation(after, skill, ROLES.read(fields), level)
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
