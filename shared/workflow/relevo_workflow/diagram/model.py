"""What a diagram shows: boxes with words, and arrows between them."""

from collections.abc import Iterator
from datetime import timedelta

from msgspec import Struct

from relevo_workflow.definition import workflow as parts
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.diagram.rules import rules_of
from relevo_workflow.diagram.words import (
    condition_in_words,
    correlated,
    duration_in_words,
    event_in_words,
    until_in_words,
)
from relevo_workflow.steps import step_types as steps
from relevo_workflow.steps.step_types import END

_CHANNELS = {"email": "e-mail", "sms": "SMS"}


class Box(Struct, frozen=True):
    """A box: `kind` is start, send, wait, choice, staff, call, change or end; `note` stands small below its words."""

    id: str
    kind: str
    text: str
    note: str = ""


class Arrow(Struct, frozen=True):
    """An arrow, with the words of the path that it takes."""

    source: str
    target: str
    label: str = ""


class Diagram(Struct, frozen=True):
    """A workflow as boxes and arrows; `anytime` is what may end or restart it in between, one line each.

    `rules` are sentences about the whole: re-entry, window, who takes part, goal.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    anytime: tuple[str, ...]
    rules: tuple[str, ...] = ()


def diagram_of(definition: Definition) -> Diagram:
    """The diagram of a workflow. `goto` is an arrow, every end of a path a box of its own."""
    return _Maker(definition).make()


class _Maker:
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.program = definition.program
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []

    def make(self) -> Diagram:
        self.boxes.append(Box("start", "start", "\n".join(_starts(self.definition.triggers))))
        self._arrow("start", self.program.first, "")
        for step in self.program.steps.values():
            if not _is_arrow(step):
                text, kind = _step(step)
                self.boxes.append(Box(step.id, kind, text, step.id))
                for target, label in _paths(step):
                    self._arrow(step.id, target, label)
        title = self.definition.title or self.definition.name
        rules = tuple(rules_of(self.definition))
        return Diagram(title, tuple(self.boxes), tuple(self.arrows), tuple(_anytime(self.definition)), rules)

    def _arrow(self, source: str, target: str, label: str) -> None:
        """An arrow to where a run really comes to: through every `goto`, to an end of its own."""
        step = self.program.steps.get(target)
        while isinstance(step, steps.Goto) and step.times is None:
            target = step.next
            step = self.program.steps.get(target)
        if target == END or isinstance(step, steps.Stop):
            reason = f"ends: {step.reason}" if isinstance(step, steps.Stop) else "ends"
            target = f"end-{sum(box.kind == 'end' for box in self.boxes) + 1}"
            self.boxes.append(Box(target, "end", reason))
        self.arrows.append(Arrow(source, target, label))


def _is_arrow(step: steps.Step) -> bool:
    """Whether a step is drawn as an arrow alone: a `goto` that is bounded asks how often it was taken."""
    return isinstance(step, steps.Stop) or (isinstance(step, steps.Goto) and step.times is None)


def _starts(triggers: tuple[parts.Trigger, ...]) -> Iterator[str]:
    """What starts it; triggers with the same condition share its line."""
    conditions = [one.when.text if one.when is not None else "" for one in triggers]
    for number, (one, condition) in enumerate(zip(triggers, conditions, strict=True)):
        yield _trigger(one)
        if condition and condition not in conditions[number + 1 :]:
            yield f"if {condition_in_words(condition)}"


def _anytime(definition: Definition) -> Iterator[str]:
    """What ends a run, or sends it back, at any time."""
    for exit_rule in definition.exits:
        where = correlated(exit_rule.where.text) if exit_rule.where is not None else ""
        yield f"{_event(exit_rule.event, where)} → ends: {exit_rule.reason}"
    for restart in definition.restarts:
        where = correlated(restart.where.text) if restart.where is not None else ""
        yield f"{_event(restart.event, where)} → begins anew"


def _event(event: str, where: str) -> str:
    return f"{event_in_words(event)} ({where})" if where else event_in_words(event)


def _trigger(trigger: parts.Trigger) -> str:
    match trigger:
        case parts.EventTrigger():
            text = f"starts with: {event_in_words(trigger.event)}"
        case parts.DateTrigger():
            days = trigger.offset.days
            moved = f"{abs(days)} days {'before' if days < 0 else 'after'} " if days else ""
            text = f"starts {moved}{trigger.field}, at {trigger.at:%H:%M}"
        case parts.InactivityTrigger():
            since = trigger.since.removesuffix("_at").replace("_", " ")
            text = f"starts {duration_in_words(trigger.after)} after the {since}"
        case parts.SegmentTrigger():
            text = f"starts when the segment “{trigger.segment}” is {trigger.change}"
        case parts.ScheduleTrigger():
            text = f"starts by the calendar: {trigger.cron or trigger.rrule}"
        case parts.ManualTrigger():
            text = "starts by hand"
    return text


def _step(step: steps.Step) -> tuple[str, str]:  # noqa: PLR0911, C901  # one line a kind of step
    """The words of a step, and the kind of its box."""
    match step:
        case steps.Wait():
            return f"waits {duration_in_words(step.length)}", "wait"
        case steps.WaitUntil():
            return f"waits until {until_in_words(step)}", "wait"
        case steps.WaitFor():
            return "waits for what comes first", "wait"
        case steps.Branch():
            return _question(step), "choice"
        case steps.Split():
            return "shares out at random", "choice"
        case steps.Goto():
            return f"{step.times} times already?", "choice"
        case steps.SendStep():
            return f"sends {_CHANNELS[step.channel]} “{step.template}”\n({step.purpose})", "send"
        case steps.HttpStep():
            return f"calls {step.method} {step.url.text.split('://')[-1]}", "call"
        case steps.ApproveStep():
            return _approval(step), "staff"
        case steps.TaskStep():
            return _task(step), "staff"
        case _:
            return _change(step), "change"


def _question(step: steps.Branch) -> str:
    first = step.arms[0]
    if _is_yes_or_no(step) and first.condition is not None:
        return f"{condition_in_words(first.condition.text)}?"
    return "which holds first?"


def _is_yes_or_no(step: steps.Branch) -> bool:
    return sum(arm.condition is not None for arm in step.arms) == 1


def _task(step: steps.TaskStep) -> str:
    whom = step.skill or ", ".join(step.roles) or "the staff"
    return f"asks {whom}: {_plain(step.title.text)}{_limits(step)}"


def _limits(task: steps.TaskStep) -> str:
    """When the staff is reminded, who is asked then, and how long there is."""
    told = []
    if task.reminder is not None:
        told.append(f"reminds after {duration_in_words(task.reminder)}")
    if task.escalation is not None:
        whom = task.escalation.skill or ", ".join(task.escalation.roles) or "everybody"
        told.append(f"goes to {whom} after {duration_in_words(task.escalation.after)}")
    if task.deadline is not None:
        told.append(f"within {duration_in_words(task.deadline)}")
    return f"\n({', '.join(told)})" if told else ""


def _approval(step: steps.ApproveStep) -> str:
    whom = " and ".join(step.task.roles) or "the staff"
    needed = f" ({step.needed} have to agree)" if step.needed > 1 else ""
    return f"asks {whom} to approve{needed}: {_plain(step.task.title.text)}{_limits(step.task)}"


def _plain(text: str) -> str:
    """A text with Liquid: what is filled in stands as its name."""
    words = text
    while "{{" in words and "}}" in words:
        before, _, rest = words.partition("{{")
        inside, _, after = rest.partition("}}")
        words = f"{before}[{condition_in_words(inside.strip())}]{after}"
    return words


def _change(step: steps.Step) -> str:
    match step:
        case steps.DecideTable():
            names = dict.fromkeys(name for rule in step.rules for name, _ in rule.values)
            return f"finds {' and '.join(names)} in a table\nof {_rules(len(step.rules))}"
        case steps.SetStep():
            return "\n".join(_set(step))
        case steps.EmitStep():
            return f"reports: {event_in_words(step.event)}"
        case steps.StartStep():
            each = f"\nfor each of {condition_in_words(step.for_each.text)}" if step.for_each is not None else ""
            return f"starts the workflow {step.workflow}{each}"
        case _:
            return step.id


def _rules(count: int) -> str:
    return f"{count} {'rule' if count == 1 else 'rules'}"


def _set(step: steps.SetStep) -> Iterator[str]:
    for name, value in step.attributes:
        yield f"notes {name}: {getattr(value, 'value', None) or 'computed'}"
    for sign, tags in (("adds", step.add_tags), ("removes", step.remove_tags)):
        for tag in tags:
            yield f"{sign} the tag {getattr(tag, 'value', None) or 'computed'}"


def _paths(step: steps.Step) -> list[tuple[str, str]]:
    """Where a step leads, with the words of each path."""
    match step:
        case steps.WaitFor():
            arms = [(arm.target, _event(event_in_words(arm.events[0]), _where(arm))) for arm in step.arms]
            return [*arms, (step.timeout_target, _after(step.timeout))]
        case steps.Branch():
            return _branch_paths(step)
        case steps.Goto():
            return [(step.next, "no: once more"), (step.after, "yes")]
        case steps.Split():
            total = sum(arm.weight for arm in step.arms)
            return [(arm.target, f"{arm.label} ({100 * arm.weight // total} %)") for arm in step.arms]
        case steps.ApproveStep():
            limit = f"nobody within {duration_in_words(step.task.deadline)}" if step.task.deadline else "expired"
            return [(step.approved, "approved"), (step.rejected, "rejected"), (step.expired, limit)]
        case _:
            return [(step.next, "")]


def _after(timeout: timedelta | None) -> str:
    return f"nothing for {duration_in_words(timeout)}" if timeout is not None else "nothing"


def _where(arm: steps.EventArm) -> str:
    return correlated(arm.where.text) if arm.where is not None else ""


def _branch_paths(step: steps.Branch) -> list[tuple[str, str]]:
    simple = _is_yes_or_no(step)
    found = []
    for arm in step.arms:
        words = condition_in_words(arm.condition.text) if arm.condition is not None else "otherwise"
        found.append((arm.target, ("yes" if arm.condition is not None else "no") if simple else words))
    if all(arm.condition is not None for arm in step.arms):
        found.append((step.next, "no" if simple else "otherwise"))
    return found
