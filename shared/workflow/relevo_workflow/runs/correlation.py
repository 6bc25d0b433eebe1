"""Which runs an event can concern at all, told without asking each of their rules. Pure.

Most rules correlate an event with a run: `event.order_id == trigger.order_id`. Where such an equality does not hold the
rule can't either, and a run none of whose rules can hold is not asked. So the work that an event makes is proportional
to the runs that it concerns, also for a customer with thousands of them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from relevo_contracts.envelope import Event
from relevo_workflow.definition.workflow import Definition, Exit, Restart
from relevo_workflow.expressions.expression import Equality, Expression
from relevo_workflow.expressions.field_paths import Getter
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.model.state import Facts, Run, Shop
from relevo_workflow.runs.schema_fit import schema_mismatch

_Wanted = tuple[tuple[Getter, Any], ...]
_ALWAYS: tuple[_Wanted, ...] = ((),)


class RunCorrelator:
    """Tells for one event which runs to ask. A run that is left out would have ignored the event."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._rules: dict[tuple[str, str, str], tuple[_Wanted, ...]] = {}
        self._scope = Scope(run_state=_RUN, facts=_FACTS, shop_state=_SHOP, now=event.time, event=event)

    def concerns(self, definition: Definition, run: Run) -> bool:
        """Whether a rule of the run's definition may hold for the event."""
        kind = (run.version, run.trigger_type, run.step)
        rules = self._rules.get(kind)
        if rules is None:
            rules = self._rules[kind] = self._wanted(definition, run)
        self._scope.run_state = run
        for wanted in rules:
            for read, value in wanted:
                if read(self._scope) != value:
                    break
            else:
                return True
        return False

    def _wanted(self, definition: Definition, run: Run) -> tuple[_Wanted, ...]:
        """For each rule that listens to the event: what has to be equal in a run of this kind. Each only once."""
        if schema_mismatch(definition, self._event):
            return _ALWAYS  # each run tells it
        alike: dict[tuple[Equality, ...], _Wanted] = {}
        for where in _conditions(definition, run.step, self._event.type):
            equalities = where.equalities(self._event.type, run.trigger_type) if where is not None else ()
            if not equalities:
                return _ALWAYS
            alike[equalities] = tuple((one.of_trigger, one.of_event(self._scope)) for one in equalities)
        return tuple(alike.values())


def _conditions(definition: Definition, at_step: str, event_type: str) -> Iterator[Expression | None]:
    """The condition of each rule that listens to a type of event, for a run that is at a step."""
    if definition.goal is not None and definition.goal.event == event_type:
        yield definition.goal.where
    rules: list[Exit | Restart] = [*definition.exits, *definition.restarts]
    yield from (rule.where for rule in rules if rule.event == event_type)
    step = definition.program.steps.get(at_step)
    arms = step.event_arms() if step is not None else ()
    for arm in (*arms, *(arm for _, arm in definition.early)):
        if event_type in arm.events:
            yield arm.where


_NEVER = datetime.min.replace(tzinfo=UTC)
_FACTS, _SHOP = Facts(), Shop(id="")
_RUN = Run(id="", workflow="", version="", key="", customer="", started_at=_NEVER, at=_NEVER)
"""Equalities read the event and what started the run: of nothing else is anything needed."""
