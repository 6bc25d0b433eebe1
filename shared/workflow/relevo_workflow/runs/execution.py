"""Walks one run through its steps until it waits or ends, and collects what that asks of the world."""

from datetime import datetime, tzinfo

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.decision import Check, Decision, Kind
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Effect, SetAttributes
from relevo_workflow.model.state import Facts, Run, Shop, local_zone
from relevo_workflow.runs.facts import with_changes
from relevo_workflow.steps.step import END, Transition

MAX_STEPS = 500
"""More steps than this in one go, without any wait, is a cycle."""
_KEPT_INPUTS = 4


class RunExecution(Struct, kw_only=True):
    """One run during one decision: `run` is its state so far, `before` what it was. Only its own methods change it."""

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

    def zone(self, name: str) -> tzinfo:
        """The zone that `customer`, `shop` or an IANA name means for this customer."""
        return local_zone(name, self.facts, self.shop)

    def opens_at(self) -> datetime:
        """When the workflow's window is open next: now, if it is open, or if there is none."""
        window = self.definition.window
        return self.at if window is None else max(self.at, window.next_open(self.at, self.zone(window.zone)))

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

    def amend(self, **changes: object) -> None:
        """Changes fields of the run."""
        self.run = structs.replace(self.run, **changes)

    def identify(self, key: str, run_id: str) -> None:
        """Gives a run that is about to start its key and id, as if it had always had them."""
        self.run = self.before = structs.replace(self.run, key=key, id=run_id)

    def conclude(self, kind: Kind, reason: str) -> None:
        """Says what the decision is, and why."""
        self.kind, self.reason = kind, reason

    def explain(self, reason: str) -> None:
        """Says why; the kind of the decision stays."""
        self.reason = reason

    def end_watching(self, reason: str) -> None:
        """Ends a run whose steps are over and whose goal was still watched; a run that is on its way goes on."""
        if self.run.state == "watching":
            self.amend(state="ended")
            self.kind = "ended"
        self.reason = reason

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
        if step is not None:
            self.effects.extend(step.on_leave(self, closing))
        if self.run.waits_since is not None:
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
            if following == END:
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
            following = self._applied(step.enter(self))
        if self.run.state == "active":
            self.kind = "advanced"

    def apply(self, transition: Transition) -> None:
        """Does what a step says, and goes on where it leads."""
        following = self._applied(transition)
        if following is not None:
            self.go(following)

    def _applied(self, transition: Transition) -> str | None:
        """The step that follows, or `None` where the run stays or has ended."""
        if transition.leaves is not None:
            self.leave(transition.leaves)
        self.trace.extend(transition.trace)
        for effect in transition.effects:
            self.effects.append(effect)
            if isinstance(effect, SetAttributes):
                self.facts = with_changes(self.facts, effect)
        for name, value in transition.saved.items():
            self.save(name, value)
        for name, due in transition.timers.items():
            self.arm(name, due)
        for label in transition.labels:
            self.path.append(f"{self.run.step}/{label}")
        self._keep(transition)
        self.reason = transition.reason or self.reason
        if transition.ends is not None:
            self.finish("ended", transition.ends)
            return None
        return transition.next

    def _keep(self, transition: Transition) -> None:
        """What a step keeps in the run itself, for its next turn. Most keep nothing: each is asked for by itself."""
        if transition.rounds is not None:
            self.run = structs.replace(self.run, rounds=transition.rounds)
        if transition.early is not None:
            self.run = structs.replace(self.run, early=transition.early)
        if transition.votes is not None:
            self.run = structs.replace(self.run, votes=transition.votes)
        if transition.waits_since is not None:
            self.run = structs.replace(self.run, waits_since=transition.waits_since)
