"""Events that a shop declares: checked everywhere like the built-in ones, and kept with what was written for them."""

import json
from typing import Any

import pytest

from relevo_contracts.envelope import Event
from relevo_workflow.compiler.load import diagnose, load_workflow, version_of
from relevo_workflow.compiler.readers.events import diagnose_events
from relevo_workflow.model.effects import Emit
from relevo_workflow.model.inputs import EventInput
from relevo_workflow.model.state import Subject
from relevo_workflow.runs.handle import handle
from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.testing.runner import run_tests
from relevo_workflow.testing.scenario import read_scenarios
from tests.workflow.shop import START, Customer, files, mail_saying

SCHEMA = {
    "type": "object",
    "required": ["points"],
    "properties": {
        "points": {"type": "integer"},
        "level": {"type": "string", "enum": ["silver", "gold"]},
        "reward": {"$ref": "relevo:Money"},
        "until": {"type": "string", "format": "date-time"},
        "store": {"type": "object", "properties": {"city": {"type": "string"}}},
        "items": {"type": "array", "items": {"$ref": "relevo:Item"}},
    },
}
NAME = "custom.loyalty_reached"
FILE = f"events/{NAME}.json"
FLOW = f"""
workflow: loyalty
reentry: never
trigger: {{event: {NAME}, when: event.points >= 100 && event.store.city == "" && !has(event.until)}}
exit: {{event: {NAME}, where: event.points < 0, reason: lost}}
goal: {{event: {NAME}, where: event.points > trigger.points, within: 7d, value: event.reward}}
steps:
  - send: {{channel: email, template: hello, purpose: transactional}}
  - wait_for:
      - event: {NAME}
        where: event.points > trigger.points
        as: again
        steps:
          - emit: {{event: {NAME}, data: {{points: run.again.points - 100, reward: trigger.reward}}}}
          - send: {{channel: email, template: thanks, purpose: transactional}}
      - timeout: 3d
        steps: []
"""
HELLO = mail_saying(
    "{{ trigger.points }} points, {{ trigger.reward.amount }}, {{ trigger.level | default: 'no level' }}"
)
THANKS = mail_saying("{{ run.again.points }} {% for item in run.again.items %}{{ item.title }}{% endfor %}")


def the_files(text: str = FLOW, schema: Any = SCHEMA, **more: str) -> dict[str, str]:
    found = files(text, **more)
    return {
        **found,
        "templates/hello.yaml": HELLO,
        "templates/thanks.yaml": THANKS,
        FILE: json.dumps(schema),
        **({"templates/hello.yaml": more["hello"]} if "hello" in more else {}),
    }


def messages(found: dict[str, str]) -> list[str]:
    return [str(one) for one in diagnose(found)[1] if one.severity == "error"]


def test_a_declared_event_starts_continues_and_is_published() -> None:
    flow = load_workflow(the_files())
    customer = Customer(flow).does(NAME, points=50).does(NAME, "1h", points=120)
    customer.does(NAME, "1d", points=130, items=[{"title": "Mug"}], reward={"amount": "5.00", "currency": "EUR"})
    assert customer.messages == [("hello", "1h"), ("thanks", "1d")]
    [emitted] = [one.effect.event for one in customer.simulation.effects if isinstance(one.effect, Emit)]
    assert (emitted.type, emitted.data["points"]) == (NAME, 30)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("event.points >= 100", "event.pionts >= 100", "event has no field 'pionts' (help: did you mean 'points'?)"),
        ("event.points >= 100", 'event.points == "a"', "'==' can't be applied to int and string"),
        (f"goal: {{event: {NAME}", "goal: {event: custom.loyalty_reachd", f"did you mean '{NAME}'?"),
        ("run.again.points - 100", '"many"', "'points' of custom.loyalty_reached must be a whole number"),
        ("run.again.points - 100, reward: trigger.reward", "1, rewrd: 1", "has no field 'rewrd'"),
        ("points: run.again.points - 100, ", "", f"{NAME} needs 'points'"),
        ("value: event.reward", "value: event.level", "an amount of money"),
    ],
)
def test_a_mistake_about_a_declared_event_is_found(old: str, new: str, said: str) -> None:
    assert old in FLOW
    assert said in "\n".join(messages(the_files(FLOW.replace(old, new))))


def test_a_mistake_about_a_declared_event_in_a_template_is_found() -> None:
    found = messages({**the_files(), "templates/hello.yaml": HELLO.replace("trigger.level", "trigger.levl")})
    assert len(found) == 1
    assert "trigger has no field 'levl' (help: did you mean 'level'?)" in found[0]


def test_a_fault_of_a_schema_has_its_place_in_the_file() -> None:
    text = '{\n "type": "object",\n "properties": {\n   "points": {"type": "integr"}}}'
    [found] = diagnose_events({FILE: text})[1]
    assert str(found) == f"{FILE}:4:15: error: a value needs one type (help: did you mean 'integer'?)"
    [twice] = diagnose_events({FILE: json.dumps(SCHEMA), f"events/{NAME}.yaml": "type: object"})[1]
    assert twice.message == f"'{NAME}' is declared twice"


def test_the_declaration_counts_for_the_version_and_goes_with_it() -> None:
    flow = load_workflow(the_files())
    assert FILE in flow.files
    assert version_of(flow.files) == flow.version
    other = the_files(schema={**SCHEMA, "description": "another"})
    assert load_workflow(other).version != flow.version
    assert load_workflow(flow.files).types == flow.types


def test_tests_check_the_data_of_declared_events() -> None:
    flow = load_workflow(the_files())
    text = f"""
given: {{start: 2026-03-10 10:00, customer: {{email: ana@example.com}}}}
tests:
  - name: reached
    trigger: {{event: {NAME}, data: {{points: 100}}}}
    expect: {{sends: [{{step: send-hello}}]}}
"""
    assert run_tests(flow, {"tests/a.yaml": text}).passed
    problems = Problems()
    wrong = text.replace("points: 100", "points: many, level: iron, storee: {}")
    assert read_scenarios("tests/a.yaml", wrong, problems, flow.types) == []
    assert [one.message for one in problems.found] == [
        f"{NAME} has no field 'storee'",
        f"this does not fit {NAME}: points must be a whole number, not text",
        f"this does not fit {NAME}: level 'iron' is not allowed: one of 'gold', 'silver'",
    ]


def event(number: int, **data: Any) -> EventInput:
    return EventInput(
        Event(
            id=f"e{number}",
            source="loyalty",
            type=NAME,
            time=START,
            shop="acme",
            key="cus_1",
            data={"customer": {"email": "ana@example.com"}, **data},
            receivedtime=START,
        )
    )


def test_an_event_that_a_workflow_can_not_read_costs_only_itself() -> None:
    old = load_workflow(the_files())
    other = load_workflow(the_files(FLOW.replace("workflow: loyalty", "workflow: other"), {**SCHEMA, "required": []}))
    subject = Subject(shop="acme", key="cus_1")
    started = handle([old, other], {}, subject, event(1, points=120), START)
    assert {one.kind for one in started.decisions} == {"started"}
    wrong = handle([old, other], {}, started.subject, event(2, points="many"), START)
    assert {run.id: run.step for run in wrong.subject.runs} == {run.id: run.step for run in started.subject.runs}
    assert {one.kind for one in wrong.decisions} == {"waiting", "not_started"}
    assert all("does not fit what version" in one.reason for one in wrong.decisions)
    later = handle([old, other], {}, wrong.subject, event(3, points=130), START)
    assert [effect for one in later.decisions for effect in one.effects if isinstance(effect, Emit)]


def test_an_event_without_some_field_that_one_version_needs_is_read_by_the_other() -> None:
    old = load_workflow(the_files())
    lenient = FLOW.replace("workflow: loyalty", "workflow: other").replace("event.points >= 100 && ", "")
    other = load_workflow(the_files(lenient, {**SCHEMA, "required": []}))
    found = handle([old, other], {}, Subject(shop="acme", key="cus_1"), event(1), START).decisions
    assert {one.workflow: one.kind for one in found} == {"loyalty": "not_started", "other": "started"}


def test_a_declared_event_updates_the_contact_of_its_customer_though_nobody_listens() -> None:
    learnt = handle([], {}, Subject(shop="acme", key="cus_1"), event(1, points="whatever"), START).subject
    assert learnt.facts.contact.email == "ana@example.com"
