"""Moves a run that is on its way into another version of its workflow.

A run goes on at the step that takes the place of its own (`alignment`), and does nothing again that it has done
(`repeats`). What it waits for must still be the same kind of thing; how long it waits is
taken from the new version, counted from when the step was entered, and what would be over by then is due now.
"""

from collections.abc import Collection
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct, structs

from relevo_contracts.zones import zone_of
from relevo_workflow.changes.alignment import align
from relevo_workflow.changes.repeats import actions_before, repeated
from relevo_workflow.definition.workflow import Definition, EventTrigger
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Effect
from relevo_workflow.model.state import Facts, Run, Shop
from relevo_workflow.runs.execution import ANSWER_WITHIN
from relevo_workflow.steps import step_types as steps
from relevo_workflow.steps.until import wait_until

Resting = (
    steps.Wait | steps.WaitUntil | steps.WaitFor | steps.SendStep | steps.HttpStep | steps.TaskStep | steps.ApproveStep
)
"""The steps at which a run may rest."""
_WORDS: dict[type, str] = {
    steps.Wait: "wait",
    steps.WaitUntil: "wait until a time",
    steps.WaitFor: "wait for events",
    steps.Branch: "branch",
    steps.Split: "split",
    steps.SendStep: "message",
    steps.HttpStep: "call",
    steps.TaskStep: "task",
    steps.ApproveStep: "approval",
    steps.DecideTable: "table",
    steps.SetStep: "change of the customer",
    steps.EmitStep: "emitted event",
    steps.StartStep: "start",
    steps.Goto: "goto",
    steps.Stop: "stop",
}


class Migrated(Struct, frozen=True):
    """The run in the new version, the timers that this moves, and what happened in words."""

    run: Run
    effects: tuple[Effect, ...]
    reason: str


class Refused(Struct, frozen=True):
    """Why a run can't be moved; it stays as it is."""

    run_id: str
    step: str
    reason: str


class Transition:
    """From one version to the next: where its runs go on, what stands against it, what they would do again."""

    def __init__(self, old: Definition, new: Definition) -> None:
        self.old = old
        self.new = new
        self._alignment = align(old.program, new.program)
        self._repeats: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}

    def place(self, step: str) -> str:
        """The step that takes the place of an old one; empty if there is none, or if it is not clear which."""
        return self._alignment.place(step)

    def obstacle(self, step: str, trigger_type: str) -> str:
        """Why runs that rest at `step` can't go on in the new version; empty if they can.

        `step` is empty for runs whose steps are over (only their goal is watched): these can always go on.
        """
        old, new = self.old, self.new
        if not step:
            return ""
        if _text(old.key) != _text(new.key):
            return f"the key of its runs changed from {_text(old.key)} to {_text(new.key)}"
        if trigger_type not in _trigger_types(new):
            return f"it was started by {trigger_type}, which starts nothing in the new version"
        choices = self._alignment.choices(step)
        if choices:
            return _unclear(step, choices)
        return _step_obstacle(old.program.steps.get(step), new.program.steps.get(self.place(step)), step)

    def repeats(self, step: str, did: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The steps of the new version that runs at `step` would come to though they may have done the same already.

        `did` is what such a run had done in versions before the old one (`Run.did`).
        """
        key = (step, did)
        if key not in self._repeats:
            place = self.place(step)
            found = repeated(self.old.program, self.new.program, step, place, did) if place else ()
            self._repeats[key] = found
        return self._repeats[key]

    def migrate(self, run: Run, now: datetime, *, facts: Facts, shop: Shop, repeat: bool = False) -> Migrated | Refused:
        """`run` as a run of the new version, at `now`.

        It keeps its id, turn and everything that it saved, so that effects of what it did keep their keys. No timer is
        set before `now`. A reminder or an escalation that was sent already is not sent again, and nothing else either:
        a run that would do a thing twice is refused unless `repeat` says that this is wanted.
        """
        reason = self.obstacle(run.step, run.trigger_type)
        again = () if reason or repeat else self.repeats(run.step, run.did)
        if reason or again:
            return Refused(run.id, run.step, reason or describe_repeats(self.new, again))
        moved = self._placed(run)
        timers = _Move(self.old, self.new, run, moved, now, facts, shop).timers()
        moved = structs.replace(moved, timers={name: due for name, due in timers.items() if due is not None})
        if moved.state == "watching" and not moved.timers:
            moved = structs.replace(moved, state="ended")
        return Migrated(moved, _effects(run, moved), _describe_move(run, moved))

    def _placed(self, run: Run) -> Run:
        """The run at its place in the new version, with all that it keeps by the ids of steps."""
        place = self.place(run.step)
        renamed = place != run.step and not isinstance(self.old.program.steps.get(run.step), steps.SendStep)
        return structs.replace(
            run,
            version=self.new.version,
            step=place,
            entered_as=run.entered_as or (run.step if renamed else ""),
            did=actions_before(self.old.program, run.step, run.did),
            rounds={self.place(name): count for name, count in run.rounds.items() if self.place(name)},
            early=self._early(run.early),
        )

    def _early(self, early: dict[str, Any]) -> dict[str, Any]:
        """What came before the arm that waits for it, by what the step of that arm is called now."""
        named = [(name.partition("/"), event) for name, event in early.items()]
        return {f"{self.place(step)}/{arm}": event for (step, _, arm), event in named if self.place(step)}


def describe_repeats(new: Definition, again: Collection[str]) -> str:
    """What runs would do a second time, as the end of a sentence that begins with them."""
    sends = [one for one in map(new.program.steps.get, again) if isinstance(one, steps.SendStep)]
    others = [f"'{one}'" for one in again if one not in {send.id for send in sends}]
    sent = ", ".join(f"'{one.template}' ({one.id})" for one in sends)
    done = ", ".join(others)
    return " and ".join([f"would be sent {sent} again"] * bool(sends) + [f"would do {done} again"] * bool(others))


def obstacle(old: Definition, new: Definition, *, step: str, trigger_type: str) -> str:
    """See `Transition.obstacle`."""
    return Transition(old, new).obstacle(step, trigger_type)


def migrate(
    old: Definition, new: Definition, run: Run, now: datetime, *, facts: Facts, shop: Shop, repeat: bool = False
) -> Migrated | Refused:
    """See `Transition.migrate`."""
    return Transition(old, new).migrate(run, now, facts=facts, shop=shop, repeat=repeat)


def _unclear(step: str, choices: Collection[str]) -> str:
    named = " or ".join(f"'{one}'" for one in choices if one)
    gone = ", or be gone" if "" in choices else ""
    return f"it is not clear which step takes the place of '{step}': it could be {named}{gone}"


def _step_obstacle(was: steps.Step | None, now: steps.Step | None, step: str) -> str:
    if now is None:
        return f"the new version has no step '{step}'"
    if type(was) is not type(now) or not isinstance(now, Resting):
        return f"'{step}' was a {_WORDS.get(type(was), 'step')} and is a {_WORDS[type(now)]} in the new version"
    if isinstance(was, steps.WaitFor) and isinstance(now, steps.WaitFor) and _other_keys(was) != _other_keys(now):
        return f"'{step}' waits for events about something else in the new version"
    return ""


class _Move(Struct, frozen=True):
    """A run on its way from one version to the next. Each method gives due times; `None`: no longer wanted."""

    old: Definition
    new: Definition
    before: Run
    run: Run
    now: datetime
    facts: Facts
    shop: Shop

    def timers(self) -> dict[str, datetime | None]:
        """When each timer of the run is due in the new version."""
        wanted = {"goal": self._goal()}
        step = self.new.program.steps.get(self.run.step)
        if step is None:
            return wanted
        found = self._of_step(self.old.program.steps[self.before.step], step)
        return wanted | {name: self._not_before(due, name) for name, due in found.items()}

    def _goal(self) -> datetime | None:
        """The end of the goal's window. One that was reached or ran out stays closed; one that is new may open."""
        goal, run, had = self.new.goal, self.run, self.old.goal is not None
        if goal is None or run.goal is not None or (had and "goal" not in run.timers):
            return None
        due = run.started_at + goal.within
        return None if not had and due <= self.now else self._not_before(due, "goal")

    def _of_step(self, was: steps.Step, step: steps.Step) -> dict[str, datetime | None]:
        """The timers of the step at hand, as if the run had entered it in the new version."""
        due = self.run.timers.get("step")
        match was, step:
            case steps.Wait(), steps.Wait():
                found = (due - was.length if due else self.run.at) + step.length
            case steps.WaitFor(), steps.WaitFor():
                return {"step": self._timeout(was, step)}
            case _, steps.WaitUntil():
                found = self._until(step) or self.now
            case _, steps.SendStep():
                window = self.new.window
                found = window.next_open(self.now, self._zone(window.zone)) if window else self.now
            case steps.TaskStep(), steps.TaskStep():
                return _task_timers(was, step, self.run)
            case steps.ApproveStep(), steps.ApproveStep():
                return _task_timers(was.task, step.task, self.run)
            case _:  # a call: its answer is on the way
                found = due or self.now + ANSWER_WITHIN
        return {"step": found}

    def _timeout(self, was: steps.WaitFor, step: steps.WaitFor) -> datetime | None:
        due = self.run.timers.get("step")
        entered = due - was.timeout if due and was.timeout is not None else self.run.at
        return entered + step.timeout if step.timeout is not None else None

    def _until(self, step: steps.WaitUntil) -> datetime | None:
        # A run at rest was moved last when it entered its step: only a goal that was reached meanwhile moves its time.
        at, segments = self.run.at, self.new.segments
        scope = Scope(run_state=self.run, facts=self.facts, shop_state=self.shop, now=at, rules=segments)
        return wait_until(step, at, self._zone(step.zone), scope, [])

    def _zone(self, name: str) -> tzinfo:
        if name == "customer":
            return zone_of(self.facts.contact.timezone, self.shop.timezone)
        return zone_of(self.shop.timezone if name == "shop" else name)

    def _not_before(self, due: datetime | None, name: str) -> datetime | None:
        """What would be over is due now; a wake-up that is on its way already stays as it is."""
        if due is None or due > self.now:
            return due
        armed = self.run.timers.get(name)
        return armed if armed is not None and armed <= self.now else self.now


def _task_timers(was: steps.TaskStep, step: steps.TaskStep, run: Run) -> dict[str, datetime | None]:
    entered = _task_entered(was, run)
    reminded = was.reminder is not None and "reminder" not in run.timers
    escalated = was.escalation is not None and "escalate" not in run.timers
    return {
        "step": entered + step.deadline if step.deadline is not None else None,
        "reminder": entered + step.reminder if step.reminder is not None and not reminded else None,
        "escalate": entered + step.escalation.after if step.escalation is not None and not escalated else None,
    }


def _task_entered(was: steps.TaskStep, run: Run) -> datetime:
    lengths = {
        "step": was.deadline,
        "reminder": was.reminder,
        "escalate": was.escalation.after if was.escalation is not None else None,
    }
    for name, length in lengths.items():
        if name in run.timers and length is not None:
            return run.timers[name] - length
    return run.at


def _effects(before: Run, after: Run) -> tuple[Effect, ...]:
    armed: list[Effect] = [
        ArmTimer(
            id=f"{after.id}/{name}",
            name=name,
            due_at=due,
            run_id=after.id,
            turn=0 if name == "goal" else after.turn,
        )
        for name, due in after.timers.items()
        if before.timers.get(name) != due
    ]
    gone = [
        CancelTimer(id=f"{after.id}/{name}", name=name, run_id=after.id)
        for name in before.timers
        if name not in after.timers
    ]
    return (*armed, *gone)


def _describe_move(before: Run, after: Run) -> str:
    where = f"goes on at {after.step}" if after.step else "its steps are over"
    if after.step != before.step:
        where = f"{where}, which was {before.step}"
    if after.state != before.state:
        return f"moved from version {before.version}; {where}, and the new version watches no goal"
    was, due = before.timers.get("step"), after.timers.get("step")
    if due == was:
        return f"moved from version {before.version}; {where}"
    when = f"until {due.isoformat()}" if due else "without a time limit"
    return f"moved from version {before.version}; {where}, {when}" + (f" (was {was.isoformat()})" if was else "")


def _trigger_types(definition: Definition) -> set[str]:
    """What `trigger.type` may be in a run of this definition."""
    return {
        trigger.event if isinstance(trigger, EventTrigger) else type(trigger).__name__.removesuffix("Trigger").lower()
        for trigger in definition.triggers
    } | {rule.event for rule in definition.restarts}


def _other_keys(step: steps.WaitFor) -> set[tuple[tuple[str, ...], str]]:
    """The events about other keys than the customer that a step waits for."""
    return {(arm.events, arm.key.text) for arm in step.arms if arm.key is not None}


def _text(expression: object) -> str:
    return str(getattr(expression, "text", "the customer"))
