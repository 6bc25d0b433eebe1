"""Messages that a test has opened, clicked or answered: the event that comes of it, about the run that sent them."""

from typing import Any

from relevo_contracts.checking import faults_of, path
from relevo_contracts.envelope import Event, event_data
from relevo_contracts.messages import caused_hops
from relevo_contracts.payloads import Buyer, MessageEngagement
from relevo_contracts.surveys import ANSWERED, answered_payload, asked, is_asked
from relevo_workflow.model.effects import Send
from relevo_workflow.model.inputs import EventInput
from relevo_workflow.syntax.diagnostics import Diagnostic
from relevo_workflow.testing.scenario_event import ScenarioEvent
from relevo_workflow.testing.simulation import Simulation, TimedEffect


def engage(simulation: Simulation, entry: ScenarioEvent, input_id: str) -> list[Diagnostic]:
    """Gives the simulation what comes of it; returns what stands against it: no such message was sent by then."""
    sent = [one for one in simulation.effects if isinstance(one.effect, Send)]
    named = [one for one in sent if entry.step in (_send(one).step, _send(one).template)]
    if not named:
        known = ", ".join(dict.fromkeys(_send(one).step for one in sent)) or "none"
        return [Diagnostic(entry.step_position, f"there is no message '{entry.step}' by then", f"sent: {known}")]
    data = _answers(simulation, named[-1], entry) if entry.event == ANSWERED else _data(named[-1], entry)
    if isinstance(data, Diagnostic):
        return [data]
    event = Event(
        id=input_id,
        source="test",
        type=entry.event,
        time=entry.at,
        shop=simulation.subject.shop,
        key=entry.key,
        data=data,
        receivedtime=simulation.now,
        hops=caused_hops(_send(named[-1]).hops),
    )
    simulation.give(EventInput(event))
    return []


def _data(sent: TimedEffect, entry: ScenarioEvent) -> dict[str, Any]:
    send = _send(sent)
    payload = MessageEngagement(
        customer=Buyer(),
        delivery_id=send.id,
        run_id=sent.run,
        workflow=sent.workflow,
        step=send.step,
        template=send.template,
        channel=send.channel,
        purpose=send.topic or send.purpose,
        sent_at=sent.at,
        url=str(entry.data.get("url", "")),
    )
    return event_data(payload)


def _answers(simulation: Simulation, sent: TimedEffect, entry: ScenarioEvent) -> dict[str, Any] | Diagnostic:
    """The answers to what the message asks; or what stands against them: it asks nothing, or something else."""
    send = _send(sent)
    definition = next(one for one in simulation.definitions if one.name == sent.workflow)
    survey = definition.templates[send.template].survey
    if survey is None:
        return Diagnostic(entry.step_position, f"'{send.template}' asks no survey", "survey: its name, in the template")
    data = {
        "customer": {},
        "survey": survey.name,
        "delivery_id": send.id,
        "run_id": sent.run,
        "workflow": sent.workflow,
        "step": send.step,
        "template": send.template,
        "channel": send.channel,
        "sent_at": sent.at.isoformat(),
        "answers": entry.data["answers"],
    }
    for fault in faults_of(answered_payload([survey]), data):
        return Diagnostic(entry.position, f"this does not fit '{survey.name}': {path(fault.place)} {fault.message}")
    given = entry.data["answers"]
    hidden = [one.name for one in survey.questions if one.name in given and not is_asked(one, given)]
    if hidden:
        return Diagnostic(entry.position, f"with these answers '{survey.name}' does not ask '{hidden[0]}'")
    missing = [one.name for one in asked(survey, given) if not one.optional and one.name not in given]
    if missing:
        return Diagnostic(entry.position, f"'{survey.name}' is not answered without '{missing[0]}'")
    return data


def _send(one: TimedEffect) -> Send:
    assert isinstance(one.effect, Send)
    return one.effect
