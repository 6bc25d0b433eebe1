"""`wait_for`: one of several events, or a timeout, each with steps of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from relevo_contracts.envelope import Event
from relevo_contracts.event_types import EventTypes
from relevo_contracts.keys import PRODUCT_EVENTS, product_key
from relevo_contracts.surveys import ANSWERED
from relevo_workflow.expressions.scope import event_view
from relevo_workflow.expressions.shapes import DYN, event_shape
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Effect, Subscribe, Unsubscribe
from relevo_workflow.steps.arm_labels import label_arms
from relevo_workflow.steps.reading import Arm, Block, StepReading
from relevo_workflow.steps.step import EventArm, Moment, MovedRun, Step, Transition
from relevo_workflow.steps.step_type import ARM_STEPS, Saved, StepType, text_of
from relevo_workflow.steps.words import duration_in_words, event_with_condition
from relevo_workflow.syntax.declared_fields import (
    StepField,
    duration_field,
    node_field,
    save_field,
    schema_of,
    text_field,
)
from relevo_workflow.syntax.durations import format_duration
from relevo_workflow.syntax.fields import Fields, is_identifier
from relevo_workflow.syntax.json_shapes import EVENTS, EXPRESSION
from relevo_workflow.syntax.yaml_source import Node
from relevo_workflow.values.value import text_or_nothing


@dataclass(frozen=True, slots=True)
class WaitFor(Step):
    """Waits for one of several events, or for a timeout. `key` of an arm names another key than the customer."""

    arms: tuple[EventArm, ...]
    timeout: timedelta | None
    timeout_target: str
    noun = "wait for events"
    box = "wait"
    rests = True

    def targets(self) -> list[str]:
        """Those of the arms, then that of the timeout."""
        return [*(arm.target for arm in self.arms), self.timeout_target]

    def labels(self) -> list[str]:
        """Those of the arms, and `timeout`."""
        return [arm.label for arm in self.arms] + (["timeout"] if self.timeout is not None else [])

    def saves(self) -> list[tuple[str, frozenset[str]]]:
        """Each arm may save its event; the timeout saves nothing."""
        return [*((arm.target, frozenset((arm.save,))) for arm in self.arms), (self.timeout_target, frozenset())]

    def waits_for_certain(self) -> bool:
        """It does."""
        return True

    def event_arms(self) -> tuple[EventArm, ...]:
        """The arms."""
        return self.arms

    def enter(self, moment: Moment) -> Transition:
        """Goes on at once with what has come before, where the arm counts that; else waits."""
        early = self._came_early(moment) if moment.run.early else None
        if early is not None:
            return early
        wanted, trace = self._subscriptions(moment)
        limit = f" or {format_duration(self.timeout)}" if self.timeout is not None else ""
        return Transition(
            timers={"step": moment.at + self.timeout} if self.timeout is not None else {},
            effects=wanted,
            trace=trace,
            waits_since=moment.at if wanted else None,
            reason=f"waits for {', '.join(arm.label for arm in self.arms)}{limit}",
        )

    def _came_early(self, moment: Moment) -> Transition | None:
        for arm in self.arms:
            event = moment.run.early.get(f"{self.id}/{arm.label}")
            if event is not None:
                left = {name: one for name, one in moment.run.early.items() if one["id"] != event["id"]}
                return Transition(next=arm.target, saved={arm.save: event}, labels=(arm.label,), early=left)
        return None

    def _subscriptions(self, moment: Moment) -> tuple[list[Effect], list[Check]]:
        """For each arm that waits for events about another key: which key that is, and from when on they count."""
        found: list[Effect] = []
        trace: list[Check] = []
        for arm in self.arms:
            if arm.key is None:
                continue
            check = arm.key.evaluate(moment.scope(), f"{self.id}/{arm.label}")
            trace.append(check)
            if isinstance(check.value, str) and check.value:
                run, key = moment.run, product_key(check.value)
                effect_id = f"{run.id}/{self.id}/{run.turn}"
                found.append(Subscribe(id=effect_id, run_id=run.id, key=key, events=arm.events, since=moment.at))
        return found, trace

    def on_event(self, moment: Moment, event: Event) -> Transition | None:
        """The first arm that the event fits."""
        scope, trace = moment.scope(), list[Check]()
        for arm in self.arms:
            if event.type not in arm.events or not arm.concerns(scope, event):
                continue
            if arm.where is None or arm.where.holds(scope, f"{self.id}/{arm.label}", trace):
                saved = {arm.save: event_view(event)}
                if event.type == ANSWERED:
                    trace.append(_answers(event, f"{self.id}/{arm.label}"))
                return Transition(next=arm.target, leaves="", saved=saved, labels=(arm.label,), trace=trace)
        return Transition(trace=trace, ignored=True) if trace else None

    def on_timer(self, moment: Moment, name: str) -> Transition:
        """The timeout."""
        del moment, name
        return Transition(next=self.timeout_target, leaves="", labels=("timeout",))

    def on_leave(self, moment: Moment, reason: str) -> tuple[Effect, ...]:
        """Events about other keys are wanted no longer."""
        del reason
        if all(arm.key is None for arm in self.arms):
            return ()
        return (Unsubscribe(id=moment.run.effect_key, run_id=moment.run.id),)

    def about(self) -> tuple[str, ...]:
        """What it waits for."""
        return tuple(
            f"{' '.join(arm.events)} {text_or_nothing(arm.where)} {text_or_nothing(arm.key)}" for arm in self.arms
        )

    def obstacle(self, was: Step) -> str:
        """Nobody would tell the run of the other keys."""
        if isinstance(was, WaitFor) and was._other_keys() != self._other_keys():
            return f"'{was.id}' waits for events about something else in the new version"
        return ""

    def _other_keys(self) -> set[tuple[tuple[str, ...], str]]:
        return {(arm.events, arm.key.text) for arm in self.arms if arm.key is not None}

    def timers_when_moved(self, was: Step, moved: MovedRun) -> dict[str, datetime | None]:
        """The new timeout, counted from when the step was entered."""
        if not isinstance(was, WaitFor):
            return Step.timers_when_moved(self, was, moved)
        due = moved.run.timers.get("step")
        entered = due - was.timeout if due and was.timeout is not None else moved.run.at
        return {"step": entered + self.timeout if self.timeout is not None else None}

    def in_words(self) -> str:
        """The arrows say for what."""
        return "waits for what comes first"

    def paths_in_words(self) -> list[tuple[str, str]]:
        """The event of each arm, and how long nothing may come."""
        arms = [(arm.target, event_with_condition(arm.events[0], text_or_nothing(arm.where))) for arm in self.arms]
        nothing = f"nothing for {duration_in_words(self.timeout)}" if self.timeout is not None else "nothing"
        return [*arms, (self.timeout_target, nothing)]


def _answers(event: Event, label: str) -> Check:
    """What was answered, so that the decision tells by what it went on."""
    answers = {name: one for name, one in event.data.get("answers", {}).items() if one is not None}
    return Check(at=label, expression="event.answers", value=answers)


EVENT = StepField("event", lambda fields: fields.get("event"), EVENTS, "the event, or a list of events", required=True)
WHERE = node_field("where", EXPRESSION, "which of them: a condition on `event`", holds="expression")
KEY = node_field(
    "key",
    EXPRESSION,
    "for events of products (`product.…`): the id of the product",
    holds="expression",
)
SAVE = save_field("keeps the event as `run.<name>`")
NAME = text_field("name", "what paths, tests and diagrams call the arm; default: the event")
SINCE = StepField(
    "since",
    lambda fields: fields.choice("since", ("wait", "start"), "wait"),
    {"enum": ["wait", "start"], "description": "start: what came earlier in the run counts too"},
    "`start`: what came earlier in the run counts too",
    default="wait",
)
TIMEOUT = duration_field("timeout", "instead of `event`, once: how long to wait for all of them", required=True)
_ARM = (EVENT, WHERE, KEY, SAVE, NAME, SINCE, ARM_STEPS)


def _read(reading: StepReading) -> Step | None:
    node, problems = reading.node, reading.problems
    if node.body.items is None:
        problems.error(
            node.body.position,
            "wait_for must be a list of events and a timeout",
            "under it '- event: order.paid' and '- timeout: 3d', each on a line of its own",
        )
        return None
    arms: list[EventArm] = []
    timeout: timedelta | None = None
    timeout_target = reading.after
    for block in reading.blocks():
        fields = Fields(block.node, problems, "an arm of wait_for")
        if "timeout" in fields:
            if timeout is not None:
                problems.error(fields.position("timeout"), "there are two timeouts")
            timeout = fields.duration("timeout") or timedelta(days=1)
            if "event" in fields:
                problems.error(
                    block.node.position, "this arm is two things", "an arm waits for an event or is the timeout"
                )
                fields.get("event")
            timeout_target = _target(reading, fields, block)
        else:
            arms.append(_event_arm(reading, fields, block))
        fields.done()
    if not arms:
        problems.error(node.body.position, "wait_for waits for no event", "for a time alone write wait: 3d")
    if timeout is None:
        advice = "add '- timeout: 3d' with its own steps"
        problems.error(node.body.position, "wait_for has no timeout: a run could wait for ever", advice)
    return WaitFor(node.id, reading.after, tuple(arms), timeout, timeout_target)


def _event_arm(reading: StepReading, fields: Fields, block: Block) -> EventArm:
    events = reading.workflow.event_types(fields, "event")
    where = reading.where(WHERE.read(fields), events)
    key = KEY.read(fields)
    expression = reading.workflow.expression(key, reading.environment, want=("STRING",)) if key is not None else None
    _check_key(reading, fields, key, events)
    save = SAVE.read(fields)
    NAME.read(fields)
    early = SINCE.read(fields) == "start"
    if early and key is not None:
        fields.wrong("since", "events of a product count from the wait on", "leave 'since' out")
    return EventArm(block.label, events, where, save, _target(reading, fields, block), expression, early)


def _check_key(reading: StepReading, fields: Fields, key: Node | None, events: tuple[str, ...]) -> None:
    """Only products are waited for by key, and their events reach a customer's run in no other way."""
    mine = [event for event in events if not event.startswith(PRODUCT_EVENTS)]
    if key is not None and mine:
        reading.problems.error(key.position, f"{mine[0]} is about the customer, not a product", "leave out 'key'")
    about_product = any(trigger.startswith(PRODUCT_EVENTS) for trigger in reading.environment.triggers)
    if key is None and len(mine) < len(events) and not about_product:
        advice = "key: trigger.product_id, or where the run has the id of the product"
        reading.problems.error(fields.position("event"), "the run would never hear of it: of which product?", advice)


def _target(reading: StepReading, fields: Fields, block: Block) -> str:
    ARM_STEPS.read(fields)
    return reading.target(block)


def _arms(body: Node) -> Iterable[Arm]:
    """A second arm for the same event ends in `-2`."""
    arms, labels = body.items or (), list[str]()
    for arm, label in zip(arms, label_arms(arms, _word), strict=True):
        free, again = label, 2
        while free in labels and "name" not in (arm.entries or {}):
            free, again = f"{label}-{again}", again + 1
        labels.append(free)
    return [Arm(label, arm, (arm.entries or {}).get("steps")) for label, arm in zip(labels, arms, strict=True)]


def _word(arm: Node, number: int) -> str:
    del number
    event = (arm.entries or {}).get("event")
    first = event.items[0] if event is not None and event.items else event
    return first.text if first is not None and first.text else "event"


def _arms_save(body: Node, types: EventTypes) -> Iterator[Saved]:
    for arm in body.items or ():
        save, event = (arm.entries or {}).get("as"), (arm.entries or {}).get("event")
        if save is None or event is None or not is_identifier(save.text):
            continue
        for one in event.items if event.items is not None else (event,):
            yield save.text, save, event_shape(one.text, types) if one.text in types else DYN


def _stem(body: Node) -> str:
    return next((text_of((arm.entries or {}).get("event")) for arm in body.items or ()), "")


WAIT_FOR = StepType(
    keyword="wait_for",
    summary="waits for one of several events, or for a timeout: a list of arms",
    read=_read,
    arm_fields=(*_ARM, TIMEOUT),
    body={
        "type": "array",
        "items": {"anyOf": [schema_of(_ARM), schema_of((TIMEOUT, ARM_STEPS))]},
    },
    arms=_arms,
    stem=_stem,
    arms_save=_arms_save,
)
