"""`emit`: publishes an event."""

from dataclasses import dataclass

import msgspec

from relevo_contracts.envelope import Event
from relevo_contracts.keys import PRODUCT_EVENTS
from relevo_workflow.expressions.shapes import DYN, shape_of
from relevo_workflow.model.decision import Check
from relevo_workflow.model.effects import Emit
from relevo_workflow.steps.reading import StepReading
from relevo_workflow.steps.step import MAX_HOPS, WORKFLOW_CYCLE, Moment, Step, Transition
from relevo_workflow.steps.step_type import StepType, text_at
from relevo_workflow.steps.typed_values import check_values
from relevo_workflow.steps.words import event_in_words
from relevo_workflow.syntax.declared_fields import StepField, node_field
from relevo_workflow.syntax.json_shapes import EVENT, VALUES
from relevo_workflow.values.money import with_amounts
from relevo_workflow.values.reader import read_fields
from relevo_workflow.values.value import Literal, Value

CONSENT = "consent.changed"
"""The event that a workflow may publish to end somebody's consent."""


@dataclass(frozen=True, slots=True)
class EmitStep(Step):
    """Publishes an event."""

    event: str
    data: tuple[tuple[str, Value], ...]
    noun = "emitted event"
    acts = True

    def enter(self, moment: Moment) -> Transition:
        """Publishes it, about this customer; not (with a note in the trace) if its data does not fit.

        Nor after too many hops: what it leads to could publish it again, and so on.
        """
        trace: list[Check] = []
        effects = self._emitted(moment, trace)
        return Transition(next=self.next, effects=effects, trace=trace)

    def _emitted(self, moment: Moment, trace: list[Check]) -> tuple[Emit, ...]:
        if moment.hops + 1 > MAX_HOPS:
            trace.append(Check(at=self.id, expression=f"emit {self.event}", error=WORKFLOW_CYCLE))
            return ()
        scope, payload = moment.scope(), moment.scope().types[self.event]
        run, contact = scope.run_state, scope.facts.contact
        fields = shape_of(payload).fields
        computed = [(name, value, value.compute(scope, self.id, trace)) for name, value in self.data]
        data = {
            name: with_amounts(given, fields.get(name, DYN), value, scope)
            for name, value, given in computed
            if given is not None
        }
        if "customer" in payload.__struct_fields__:
            data.setdefault("customer", {"email": contact.email} if contact.email else {})
        if self.event == CONSENT:  # the log of consents says who withdrew it, where the author does not
            data = {"source": "workflow", "form": run.workflow, "wording_version": run.version, **data}
        try:
            msgspec.convert(data, payload)
        except msgspec.ValidationError as error:
            trace.append(Check(at=self.id, expression=f"emit {self.event}", error=str(error)))
            return ()
        event = Event(
            id=run.effect_key,
            source=f"relevo/{run.workflow}",
            type=self.event,
            time=scope.now,
            shop=scope.shop_state.id,
            key=run.customer,
            data=data,
            receivedtime=scope.now,
            test=run.test,
            hops=moment.hops + 1,
        )
        return (Emit(id=run.effect_key, event=event),)

    def about(self) -> tuple[str, ...]:
        """The event."""
        return (self.event,)

    def in_words(self) -> str:
        """`reports: order placed`."""
        return f"reports: {event_in_words(self.event)}"


EVENT_TYPE = StepField("event", lambda fields: fields.get("event"), EVENT, "the type of the event", required=True)
DATA = node_field("data", VALUES, "its data: values by name, which must fit the event", holds="values")
_FIELDS = (EVENT_TYPE, DATA)


def _read(reading: StepReading) -> Step | None:
    node, workflow = reading.node, reading.workflow
    fields = reading.fields("emit")
    events = workflow.event_types(fields, "event", one=True)
    data = read_fields(DATA.read(fields), workflow, reading.environment)
    fields.done()
    if events:
        _check(events[0], data, reading)
    return EmitStep(node.id, reading.after, events[0] if events else "", data)


def _check(event: str, data: tuple[tuple[str, Value], ...], reading: StepReading) -> None:
    """Notes what does not fit the event; its customer is filled in."""
    body, types = reading.node.body, reading.environment.types
    if event.startswith((PRODUCT_EVENTS, "shop.")):
        where = (body.entries or {})["event"].position
        reading.problems.error(where, f"{event} is not about a customer", "emit what happens to the customer")
    check_values(event, "data", data, types[event], reading, filled_in=("customer",))
    if event == CONSENT and dict(data).get("state") != Literal("withdrawn"):
        advice = "state: withdrawn. Consent comes from who gives it: a form, the shop, the page of preferences"
        reading.problems.warning(body.position, "a workflow can end consent; it can't agree for anybody", advice)


EMIT = StepType(
    keyword="emit",
    summary="publishes an event about the customer, which workflows and other systems hear",
    read=_read,
    fields=_FIELDS,
    stem=text_at("event"),
)
