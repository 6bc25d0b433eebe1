"""Moves a run that is on its way into another version of its workflow.

A run goes on at the step that takes the place of its own (`alignment`), and does nothing again that it has done
(`repeats`). What it waits for must still be the same kind of thing; how long it waits is
taken from the new version, counted from when the step was entered, and what would be over by then is due now.
"""

from collections.abc import Collection
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct, structs

from relevo_workflow.changes.alignment import align
from relevo_workflow.changes.repeats import actions_before, repeated
from relevo_workflow.definition.workflow import Definition, EventTrigger
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Effect
from relevo_workflow.model.state import Facts, Run, Shop, local_zone
from relevo_workflow.steps.send import SendStep
from relevo_workflow.steps.step import Step


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
        renamed = place != run.step and not isinstance(self.old.program.steps.get(run.step), SendStep)
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
    sends = [one for one in map(new.program.steps.get, again) if isinstance(one, SendStep)]
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


def _step_obstacle(was: Step | None, now: Step | None, step: str) -> str:
    if now is None:
        return f"the new version has no step '{step}'"
    if type(was) is not type(now) or was is None or not now.rests:
        return f"'{step}' was a {was.noun if was is not None else 'step'} and is a {now.noun} in the new version"
    return now.obstacle(was)


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
        found = step.timers_when_moved(self.old.program.steps[self.before.step], self)
        return wanted | {name: self._not_before(due, name) for name, due in found.items()}

    def _goal(self) -> datetime | None:
        """The end of the goal's window. One that was reached or ran out stays closed; one that is new may open."""
        goal, run, had = self.new.goal, self.run, self.old.goal is not None
        if goal is None or run.goal is not None or (had and "goal" not in run.timers):
            return None
        due = run.started_at + goal.within
        return None if not had and due <= self.now else self._not_before(due, "goal")

    # --- what the step at hand sees (`steps.step.MovedRun`): the run as if it had entered it in the new version ---

    @property
    def at(self) -> datetime:
        """A run at rest was moved last when it entered its step: only a goal that was reached since moves its time."""
        return self.run.at

    @property
    def hops(self) -> int:
        """Those of the run."""
        return self.run.hops

    def scope(self) -> Scope:
        """What expressions see."""
        segments = self.new.segments
        return Scope(run_state=self.run, facts=self.facts, shop_state=self.shop, now=self.run.at, rules=segments)

    def zone(self, name: str) -> tzinfo:
        """The zone of the customer, of the shop, or one by its name."""
        return local_zone(name, self.facts, self.shop)

    def opens_at(self) -> datetime:
        """When the window of the new version is open next."""
        window = self.new.window
        return window.next_open(self.now, self.zone(window.zone)) if window else self.now

    def _not_before(self, due: datetime | None, name: str) -> datetime | None:
        """What would be over is due now; a wake-up that is on its way already stays as it is."""
        if due is None or due > self.now:
            return due
        armed = self.run.timers.get(name)
        return armed if armed is not None and armed <= self.now else self.now


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


def _text(expression: object) -> str:
    return str(getattr(expression, "text", "the customer"))
