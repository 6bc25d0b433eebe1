"""One run during one decision, as a value: what a step may see of it, and what has come of it so far.

Nothing here changes: whatever happens to a run gives the execution after it. `progress` leads it from step to step.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo

from msgspec import Struct, structs

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.expressions.expression import Expression
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.decision import Check, Decision, Kind
from relevo_workflow.model.effects import ArmTimer, CancelTimer, Effect
from relevo_workflow.model.state import Facts, Run, Shop, local_zone

_KEPT_INPUTS = 4


class RunExecution(Struct, frozen=True, gc=False, kw_only=True):
    """One run during one decision. To a step it is a `Moment`.

    `run` is its state so far, `before` what it was. `kind`, `reason`, `effects`, `trace` and `path` become the
    decision's. `armed` are the timers that were set, each with its turn, the newest last; `fired` are those that did
    their work, which need no cancelling.
    """

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
    effects: tuple[Effect, ...] = ()
    trace: tuple[Check, ...] = ()
    path: tuple[str, ...] = ()
    armed: tuple[tuple[str, int], ...] = ()
    fired: tuple[str, ...] = ()

    # --- what a step sees --------------------------------------------------------------------------------------

    def scope(self, event: Event | None = None) -> Scope:
        """What expressions see now, of the event at hand or of another one."""
        return Scope(
            run_state=self.run,
            facts=self.facts,
            shop_state=self.shop,
            now=self.at,
            event=event or self.event,
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

    # --- what comes next ---------------------------------------------------------------------------------------

    def checked(
        self, condition: Expression | None, label: str, event: Event | None = None
    ) -> "tuple[RunExecution, bool]":
        """The execution with the check of a condition in its trace, and whether it holds. Without one, it does."""
        if condition is None:
            return self, True
        check = condition.evaluate(self.scope(event), label)
        return structs.replace(self, trace=(*self.trace, check)), check.value is True

    def with_checks(self, checks: Iterable[Check]) -> "RunExecution":
        """The execution with more checks in its trace."""
        return structs.replace(self, trace=(*self.trace, *checks))

    def with_run(self, **changes: object) -> "RunExecution":
        """The execution with other values in fields of the run."""
        return structs.replace(self, run=structs.replace(self.run, **changes))

    def with_timer(self, name: str, due: datetime, *, turn: int) -> "RunExecution":
        """The execution with a timer of the run, in place of one of that name."""
        run = structs.replace(self.run, timers={**self.run.timers, name: due})
        return structs.replace(self, run=run, armed=(*self.armed, (name, turn)))

    def without_timers(self, *names: str) -> "RunExecution":
        """The execution without timers of these names; those that are not armed are passed over."""
        left = {name: due for name, due in self.run.timers.items() if name not in names}
        return self.with_run(timers=left) if len(left) < len(self.run.timers) else self

    def with_label(self, label: str) -> "RunExecution":
        """The execution with one more label on its path."""
        return structs.replace(self, path=(*self.path, label))

    def concluded(self, kind: Kind, reason: str) -> "RunExecution":
        """The execution with what the decision is, and why."""
        return structs.replace(self, kind=kind, reason=reason)

    def explained(self, reason: str) -> "RunExecution":
        """The execution with why; the kind of the decision stays."""
        return structs.replace(self, reason=reason)

    # --- what it comes to --------------------------------------------------------------------------------------

    def decision(self, input_id: str, *, acted: bool = False) -> Decision:
        """The decision: the run as it is now, what it asks for, and why.

        A run that has `acted` notes its time and the input that moved it: the same again moves nothing.
        """
        run = self.run
        if acted:
            newest = (*run.advanced_by, input_id)[-_KEPT_INPUTS:]
            run = structs.replace(run, at=self.at, advanced_by=newest, hops=self.hops)
        return Decision(
            workflow=self.definition.name,
            version=self.definition.version,
            kind=self.kind,
            reason=self.reason,
            at=self.at,
            run=run,
            effects=(*self.effects, *self._timer_effects()) if run is not self.before else self.effects,
            trace=self.trace,
            path=self.path,
            input_id=input_id,
        )

    def _timer_effects(self) -> list[Effect]:
        run, turns = self.run, dict(self.armed)
        found: list[Effect] = []
        for name, due in run.timers.items():
            if name in turns:
                found.append(ArmTimer(id=f"{run.id}/{name}", name=name, due_at=due, run_id=run.id, turn=turns[name]))
        for name in self.before.timers:
            if name not in run.timers and name not in self.fired:
                found.append(CancelTimer(id=f"{run.id}/{name}", name=name, run_id=run.id))  # noqa: PERF401 - most have none
        return found
