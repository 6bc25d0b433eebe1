"""Walks one run through its steps until it waits or ends, and collects what that asks of the world."""

from datetime import datetime, timedelta, tzinfo
from typing import assert_never

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_contracts.zones import zone_of
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.bucketing import bucket_point, pick_weighted
from relevo_workflow.model.decision import Check, Decision, Kind
from relevo_workflow.model.effects import ArmTimer, CancelTimer, CloseTask, Effect, Unsubscribe
from relevo_workflow.model.state import Facts, Run, Shop
from relevo_workflow.runs.facts import with_changes
from relevo_workflow.steps import step_effects
from relevo_workflow.steps import step_types as steps
from relevo_workflow.steps.until import wait_until
from relevo_workflow.syntax.durations import format_duration
from relevo_workflow.values.text_context import instant_text

MAX_STEPS = 500
"""More steps than this in one go, without any wait, is a cycle."""
ANSWER_WITHIN = timedelta(days=1)
"""An HTTP call that was not answered by then counts as failed."""
_KEPT_INPUTS = 4


class RunExecution(Struct, kw_only=True):
    """One run during one decision: `run` is its state so far, `before` what it was; `finish` and `go` change it."""

    definition: Definition
    before: Run
    run: Run
    facts: Facts
    shop: Shop
    at: datetime
    event: Event | None = None
    hops: int = 0
    kind: Kind = "waiting"
    reason: str = ""
    effects: list[Effect] = []
    trace: list[Check] = []
    path: list[str] = []
    _armed: dict[str, int] = {}
    _fired: list[str] = []
    _scope: Scope | None = None

    # --- what a decision is made of ----------------------------------------------------------------------------

    def scope(self) -> Scope:
        """What expressions see now; made anew where the run or the facts have changed."""
        known = self._scope
        if known is not None and known.run_state is self.run and known.facts is self.facts:
            return known
        self._scope = self.scope_of(self.event)
        return self._scope

    def scope_of(self, event: Event | None) -> Scope:
        """What expressions see now of another event."""
        return Scope(
            run_state=self.run,
            facts=self.facts,
            shop_state=self.shop,
            now=self.at,
            event=event,
            rules=self.definition.segments,
            types=self.definition.types,
        )

    def effect_key(self) -> str:
        """The key of what the step at hand does: the same step and turn, the same key."""
        return self.run.effect_key

    def zone(self, name: str) -> tzinfo:
        """The zone that `customer`, `shop` or an IANA name means for this customer."""
        if name == "customer":
            return zone_of(self.facts.contact.timezone, self.shop.timezone)
        return zone_of(self.shop.timezone if name == "shop" else name)

    def arm(self, name: str, due: datetime, *, turn: int | None = None) -> None:
        """Arms a timer of the run, in place of one of that name."""
        self._armed[name] = self.run.turn if turn is None else turn
        self.run = structs.replace(self.run, timers={**self.run.timers, name: due})

    def disarm(self, *names: str) -> None:
        """Takes timers away; what is not armed is no matter."""
        if any(name in self.run.timers for name in names):
            left = {name: due for name, due in self.run.timers.items() if name not in names}
            self.run = structs.replace(self.run, timers=left)

    def fired(self, name: str) -> None:
        """A timer did its work: it needs no cancelling."""
        self._fired.append(name)
        self.disarm(name)

    def save(self, name: str, value: object) -> None:
        """Keeps a value as `run.<name>`."""
        if name:
            self.run = structs.replace(self.run, saved={**self.run.saved, name: value})

    def acted_on(self, input_id: str) -> None:
        """Notes the input that moved the run, so that the same again moves nothing, and its time."""
        newest = (*self.run.advanced_by, input_id)[-_KEPT_INPUTS:]
        self.run = structs.replace(self.run, at=self.at, advanced_by=newest, hops=self.hops)

    def decision(self, input_id: str) -> Decision:
        """The decision: the run as it is now, what it asks for, and why."""
        return Decision(
            workflow=self.definition.name,
            version=self.definition.version,
            kind=self.kind,
            reason=self.reason,
            at=self.at,
            run=self.run,
            effects=(*self.effects, *self._timer_effects()) if self.run is not self.before else tuple(self.effects),
            trace=tuple(self.trace),
            path=tuple(self.path),
            input_id=input_id,
        )

    def _timer_effects(self) -> list[Effect]:
        run, found = self.run, list[Effect]()
        for name, due in run.timers.items():
            if name in self._armed:
                timer_id, turn = f"{run.id}/{name}", self._armed[name]
                found.append(ArmTimer(id=timer_id, name=name, due_at=due, run_id=run.id, turn=turn))
        for name in self.before.timers:
            if name not in run.timers and name not in self._fired:
                found.append(CancelTimer(id=f"{run.id}/{name}", name=name, run_id=run.id))
        return found

    # --- moving ------------------------------------------------------------------------------------------------

    def leave(self, closing: str = "") -> None:
        """Leaves the step at hand before its time: its timers go; an open task closes, with `closing` as the reason."""
        self.disarm("step", "reminder", "escalate")
        step = self.definition.program.steps.get(self.run.step)
        if closing and isinstance(step, steps.TaskStep | steps.ApproveStep):
            self.effects.append(CloseTask(id=self.effect_key(), reason=closing))
        elif isinstance(step, steps.WaitFor) and any(arm.key is not None for arm in step.arms):
            self.effects.append(Unsubscribe(id=self.effect_key(), run_id=self.run.id))
            self.run = structs.replace(self.run, waits_since=None)

    def finish(self, kind: Kind, reason: str) -> None:
        """Ends the run with a reason. While its goal is open it is still watched."""
        self.kind, self.reason = kind, reason
        state = "watching" if "goal" in self.run.timers else "ended"
        self.run = structs.replace(
            self.run, state=state, step="", entered_as="", votes=(), ended_at=self.at, end_reason=reason
        )

    def go(self, target: str) -> None:
        """Enters `target` and what follows it, until the run waits or ends."""
        first_turn = self.run.turn
        following: str | None = target
        while following is not None:
            if following == steps.END:
                self.finish("ended", "completed")
                return
            step = self.definition.program.steps.get(following)
            if step is None:
                self.finish("ended", f"there is no step '{following}' in this version")
                return
            if self.run.turn - first_turn >= MAX_STEPS:
                self.finish("ended", f"went round {MAX_STEPS} steps without a wait")
                return
            self.run = structs.replace(self.run, step=step.id, entered_as="", turn=self.run.turn + 1, votes=())
            self.path.append(step.id)
            following = self._enter(step)
        if self.run.state == "active":
            self.kind = "advanced"

    def waits(self, reason: str) -> None:
        """Notes what the run waits for."""
        self.reason = reason

    def arm_label(self, step_id: str, label: str) -> None:
        """Notes in the path which arm of a step was taken."""
        self.path.append(f"{step_id}/{label}")

    def _enter(self, step: steps.Step) -> str | None:
        """Does what a step does; gives the step after it, or `None` where the run stays (or has ended)."""
        match step:
            case steps.SendStep():
                return self.enter_send(step)
            case steps.WaitFor() | steps.Wait() | steps.WaitUntil():
                return self._enter_wait(step)
            case steps.Branch() | steps.Split() | steps.DecideTable():
                return self._choose(step)
            case steps.SetStep() | steps.EmitStep() | steps.StartStep():
                return self._enter_doing(step)
            case steps.Goto():
                return self._enter_goto(step)
            case steps.HttpStep() | steps.TaskStep() | steps.ApproveStep():
                self._ask(step)
            case steps.Stop():
                self.finish("ended", step.reason)
            case _:
                assert_never(step)
        return None

    def _choose(self, step: steps.Branch | steps.Split | steps.DecideTable) -> str:
        if isinstance(step, steps.Branch):
            return self._enter_branch(step)
        if isinstance(step, steps.Split):
            chosen = step.arms[pick_weighted([arm.weight for arm in step.arms], self._bucket(step))]
            self.arm_label(step.id, chosen.label)
            return chosen.target
        self.save(step.save, step_effects.decide_table(step, self.scope(), self.trace, self.path))
        return step.next

    def _ask(self, step: steps.HttpStep | steps.TaskStep | steps.ApproveStep) -> None:
        """Asks another system, or the staff; the run stays until the answer or the deadline."""
        if isinstance(step, steps.HttpStep):
            self.effects.append(step_effects.http(step, self.scope(), self.effect_key(), self.trace))
            self.arm("step", self.at + ANSWER_WITHIN)
            self.waits(f"waits for the answer to {step.id}")
        elif isinstance(step, steps.ApproveStep):
            self._enter_task(step.task, step, approval=True)
        else:
            self._enter_task(step, step, approval=False)

    def _bucket(self, step: steps.Split) -> float:
        return bucket_point(self.run.workflow, step.id, self.run.key)

    def _came_early(self, step: steps.WaitFor) -> str | None:
        """Where the run goes on if what this step waits for has come before it."""
        for arm in step.arms:
            event = self.run.early.get(f"{step.id}/{arm.label}")
            if event is not None:
                left = {name: one for name, one in self.run.early.items() if one["id"] != event["id"]}
                self.run = structs.replace(self.run, early=left)
                self.save(arm.save, event)
                self.arm_label(step.id, arm.label)
                return arm.target
        return None

    def _enter_wait(self, step: steps.Wait | steps.WaitUntil | steps.WaitFor) -> str | None:
        if isinstance(step, steps.WaitFor):
            early = self._came_early(step) if self.run.early else None
            if early is not None:
                return early
            if step.timeout is not None:
                self.arm("step", self.at + step.timeout)
            self._subscribe(step)
            limit = f" or {format_duration(step.timeout)}" if step.timeout is not None else ""
            self.waits(f"waits for {', '.join(arm.label for arm in step.arms)}{limit}")
            return None
        if isinstance(step, steps.Wait):
            due: datetime | None = self.at + step.length
        else:
            due = wait_until(step, self.at, self.zone(step.zone), self.scope(), self.trace)
        if due is None or due <= self.at:
            return step.next
        self.arm("step", due)
        self.waits(f"waits until {instant_text(due)}")
        return None

    def _subscribe(self, step: steps.WaitFor) -> None:
        wanted = step_effects.subscriptions(step, self.scope(), self.run, self.trace)
        if wanted:
            self.effects.extend(wanted)
            self.run = structs.replace(self.run, waits_since=self.at)

    def _enter_branch(self, step: steps.Branch) -> str:
        scope = self.scope()
        for arm in step.arms:
            where = f"{step.id}/{arm.label}"
            if arm.condition is None or arm.condition.holds(scope, where, self.trace):
                self.path.append(where)
                return arm.target
        self.arm_label(step.id, "none")
        return step.next

    def enter_send(self, step: steps.SendStep) -> str | None:
        """Sends, or waits until the workflow's window opens."""
        window = self.definition.window
        if window is not None:
            opens = window.next_open(self.at, self.zone(window.zone))
            if opens > self.at:
                self.arm("step", opens)
                self.waits(f"waits for its window, which opens at {opens.isoformat()}")
                return None
        self.effects.append(step_effects.send(step, self.scope(), self.effect_key()))
        self.reason = f"{step.id} sends '{step.template}'"
        return step.next

    def _enter_goto(self, step: steps.Goto) -> str:
        """Goes back, or on to what follows once it was taken often enough; then it counts anew."""
        if step.times is None:
            return step.next
        taken = self.run.rounds.get(step.id, 0) + 1
        left = {name: count for name, count in self.run.rounds.items() if name != step.id}
        if taken > step.times:
            self.arm_label(step.id, "over")
            self.run = structs.replace(self.run, rounds=left)
            return step.after
        self.run = structs.replace(self.run, rounds={**left, step.id: taken})
        return step.next

    def _enter_task(self, task: steps.TaskStep, step: steps.TaskStep | steps.ApproveStep, *, approval: bool) -> None:
        needed = step.needed if isinstance(step, steps.ApproveStep) else 1
        opened = step_effects.open_task(task, self.scope(), self.effect_key(), self.trace)
        self.effects.append(structs.replace(opened, approval=approval, needed=needed))
        if task.deadline is not None:
            self.arm("step", self.at + task.deadline)
        if task.reminder is not None:
            self.arm("reminder", self.at + task.reminder)
        if task.escalation is not None:
            self.arm("escalate", self.at + task.escalation.after)
        self.waits(f"waits for the staff: {opened.title}")

    def _enter_doing(self, step: steps.SetStep | steps.EmitStep | steps.StartStep) -> str:
        scope, key = self.scope(), self.effect_key()
        if isinstance(step, steps.SetStep):
            changed = step_effects.changes(step, scope, key, self.trace)
            self.facts = with_changes(self.facts, changed)
            self.effects.append(changed)
        elif isinstance(step, steps.EmitStep):
            self.effects.extend(step_effects.emitted(step, scope, key, self.trace, self.hops + 1))
        else:
            self.effects.extend(step_effects.starts(step, scope, key, self.trace, self.hops + 1))
        return step.next
