"""Workflows that start one another without end: each knows how many came before it, and the last is refused."""

from collections import deque
from collections.abc import Callable

from msgspec import structs

from relevo_contracts.messages import caused_hops
from relevo_workflow.definition.workflow import Definition
from relevo_workflow.model.effects import ArmTimer, Emit, Send, StartRun
from relevo_workflow.model.inputs import EventInput, Input, StartInput, TimerInput
from relevo_workflow.model.state import Subject
from relevo_workflow.runs.handle import handle
from relevo_workflow.steps.step import MAX_HOPS, WORKFLOW_CYCLE
from relevo_workflow.testing.simulation import due_wakeup
from tests.workflow.shop import CUSTOMER, SHOP, START, a_workflow, an_event, known

PATIENCE = 200
TO_B = "workflow: a\ntrigger: {manual: }\nreentry: several\nsteps: [{start: {workflow: b}}]\n"
TO_A = "workflow: b\ntrigger: {manual: }\nreentry: several\nsteps: [%s{start: {workflow: a}}]\n"
MANUAL = StartInput(id="s", workflow="a", at=START)
EXPIRED = EventInput(an_event("quote.expired", quote_id="q"))


def delivered(message: Send) -> EventInput:
    """What its provider tells of a message."""
    event = an_event("message.delivered", event_id=message.id, delivery_id=message.id, channel="email", provider="p")
    return EventInput(structs.replace(event, hops=caused_hops(message.hops)))


def answered(message: Send) -> EventInput:
    """What a machine at the other end answers to a text at once."""
    event = an_event("message.received", event_id=message.id, channel="sms", text="I am away", to="+12025550100")
    return EventInput(structs.replace(event, hops=caused_hops(message.hops)))


def led_to(
    first: Input,
    *definitions: Definition,
    patience: int = PATIENCE,
    comes_of: Callable[[Send], EventInput] = delivered,
) -> list[tuple[str, str]]:
    """The decisions of an engine that hands in what comes back; it stops only by itself, or at `patience`."""
    subject, todo, found = Subject(shop=SHOP.id, key=CUSTOMER, facts=known()), deque([first]), list[tuple[str, str]]()
    while todo and len(found) < patience:
        arrival = todo.popleft()
        handled = handle(definitions, {}, subject, arrival, arrival.at, shop=SHOP)
        subject = handled.subject
        for decision in handled.decisions:
            reason = next((one.error for one in decision.trace if one.error), decision.reason)
            found.append((decision.kind, reason))
            for effect in decision.effects:
                if isinstance(effect, StartRun):
                    todo.append(StartInput(id=effect.id, workflow=effect.workflow, at=effect.at, hops=effect.hops))
                elif isinstance(effect, Send):
                    todo.append(comes_of(effect))
                elif isinstance(effect, Emit):
                    todo.append(EventInput(effect.event))
                elif isinstance(effect, ArmTimer):
                    todo.append(TimerInput(due_wakeup(effect, SHOP.id, CUSTOMER)))
    return found


def test_a_circle_of_starts_ends_and_says_so() -> None:
    found = led_to(MANUAL, a_workflow(TO_B), a_workflow(TO_A % ""))
    assert [kind for kind, _ in found] == ["started"] * (MAX_HOPS + 1) + ["not_started"]
    assert found[-1] == ("not_started", WORKFLOW_CYCLE)


def test_a_circle_with_a_wait_goes_on() -> None:
    found = led_to(MANUAL, a_workflow(TO_B), a_workflow(TO_A % "{wait: 1d}, "))
    assert len(found) == PATIENCE
    assert not any(kind == "not_started" for kind, _ in found)


def test_a_circle_that_doubles_ends_before_it_floods() -> None:
    twice = "steps: [{start: {workflow: b, for_each: '[1, 2]'}}]"
    flow = a_workflow(f"workflow: b\ntrigger: {{manual: }}\nreentry: several\n{twice}\n")
    found = led_to(StartInput(id="s", workflow="b", at=START), flow, patience=10_000)
    doublings = MAX_HOPS // 2
    assert [kind for kind, _ in found].count("started") == 2 ** (doublings + 1) - 1
    assert found[-1] == ("not_started", WORKFLOW_CYCLE)


def test_a_circle_of_events_ends_and_says_so() -> None:
    emit = "steps: [{emit: {event: quote.expired, data: {quote_id: q}}}]"
    flow = a_workflow(f"workflow: flow\ntrigger: {{event: quote.expired}}\nreentry: several\n{emit}\n")
    found = led_to(EXPIRED, flow)
    assert [kind for kind, _ in found] == ["started"] * (MAX_HOPS + 1)
    assert found[-1][1] == WORKFLOW_CYCLE


def test_runs_that_wake_one_another_end_too() -> None:
    def player(name: str, hears: str, says: str) -> Definition:
        return a_workflow(
            f"""
            workflow: {name}
            trigger: {{event: quote.expired}}
            steps:
              - id: again
                wait_for: [{{event: {hears}}}, {{timeout: 1d, steps: [{{stop: late}}]}}]
              - emit: {{event: {says}, data: {{quote_id: q}}}}
              - goto: again
            """
        )

    sent, declined = "quote.sent", "quote.declined"
    kick = EventInput(an_event(sent, quote_id="q", event_id="kick"))
    both = player("ping", sent, declined), player("pong", declined, sent)
    subject = Subject(shop=SHOP.id, key=CUSTOMER, facts=known())
    subject = handle(both, {}, subject, EXPIRED, START, shop=SHOP).subject
    todo, turns = deque([kick]), 0
    while todo and turns < PATIENCE:
        turns += 1
        handled = handle(both, {}, subject, todo.popleft(), START, shop=SHOP)
        subject = handled.subject
        events = [one.event for decision in handled.decisions for one in decision.effects if isinstance(one, Emit)]
        todo.extend(EventInput(event) for event in events)
    assert turns == MAX_HOPS + 1


SEND = "send: {channel: email, template: t, purpose: transactional}"


def test_a_circle_through_messages_ends_and_says_so() -> None:
    text = f"workflow: flow\ntrigger: {{event: message.delivered}}\nreentry: several\nsteps: [{{{SEND}}}]\n"
    first = EventInput(an_event("message.delivered", delivery_id="d", channel="email", provider="p"))
    found = led_to(first, a_workflow(text, "t"))
    assert [kind for kind, _ in found] == ["started"] * (MAX_HOPS + 1) + ["not_started"]
    assert found[-1][1] == WORKFLOW_CYCLE


def test_a_workflow_and_a_machine_that_answer_each_other_end() -> None:
    text = f"workflow: flow\ntrigger: {{event: message.received}}\nreentry: several\nsteps: [{{{SEND}}}]\n"
    first = EventInput(an_event("message.received", channel="sms", text="hello", to="+12025550100"))
    found = led_to(first, a_workflow(text, "t"), comes_of=answered)
    assert [kind for kind, _ in found] == ["started"] * (MAX_HOPS + 1) + ["not_started"]
    assert found[-1][1] == WORKFLOW_CYCLE


def test_a_run_that_its_own_messages_wake_ends_too() -> None:
    flow = a_workflow(
        f"""
        workflow: flow
        trigger: {{event: quote.expired}}
        steps:
          - id: again
            {SEND}
          - wait_for: [{{event: message.delivered}}, {{timeout: 1d, steps: [{{stop: late}}]}}]
          - goto: again
        """,
        "t",
    )
    found = led_to(EXPIRED, flow)
    sending = [at for at, (_, reason) in enumerate(found) if reason == WORKFLOW_CYCLE]
    assert len(sending) == 1
    assert sending[0] == MAX_HOPS + 1
