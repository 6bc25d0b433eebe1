"""One cause, one finding: what could not be read may be anything, so that nothing else is found wrong because of it."""

import pytest

from relevo_workflow.compiler.load import diagnose
from tests.workflow.shop import MAIL, files

SEND = "{send: {channel: email, template: hello, purpose: transactional}}"
HEAD = "workflow: one\ntrigger: {event: order.placed}\nsteps:\n"


def found(text: str, **more: str) -> list[str]:
    given = files(text, "hello") | {path.replace("__", "/") + ".yaml": content for path, content in more.items()}
    return [one.message for one in diagnose(given)[1] if one.severity == "error"]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            f"workflow: one\ntrigger: {{event: order_placed, when: event.total.amount > 1.0}}\nsteps: [{SEND}]\n",
            ["there is no event 'order_placed'"],
        ),
        (
            "workflow: one\ntrigger: {event: order_placed, when: customer.tags == 1}\n"
            f"key: trigger.order_id\nsteps: [{SEND}]\n",
            ["there is no event 'order_placed'", "this compares a list with a whole number"],
        ),
        (
            f"workflow: one\ntrigger: {{evnt: order.placed}}\nkey: trigger.order_id\nsteps: [{SEND}]\n",
            ["a trigger needs exactly one of event, date, inactivity, segment, schedule, manual"],
        ),
        (f"workflow: one\nkey: trigger.order_id\nsteps: [{SEND}]\n", ["a workflow needs 'trigger'"]),
        (
            f"{HEAD}  - wait_for: [{{event: order.payed, where: event.id == '1', as: paid}}, {{timeout: 1d}}]\n"
            "  - stop: '{{ run.paid.total }}'\n  - branch: [{when: run.paid.order_id == '1', steps: [{stop: x}]}]\n",
            ["there is no event 'order.payed'"],
        ),
        (
            "workflow: one\ntrigger: {event: order.placed}\nexit: {event: order.payed, where: event.order_id == '1'}\n"
            f"goal: {{event: order.payed, where: event.tax > 1.0, within: 1d, value: event.total}}\nsteps: [{SEND}]\n",
            ["there is no event 'order.payed'", "there is no event 'order.payed'"],
        ),
        (
            f"{HEAD}  - http: {{url: 'https://a.example.com', as: Reply}}\n"
            "  - branch: [{when: run.Reply.ok, steps: [{stop: x}]}]\n",
            ["'Reply' can't be used in expressions"],
        ),
        (f"{HEAD}  - {{id: pause, wiat: 3d}}\n  - {SEND}\n  - goto: pause\n", ["there is no step 'wiat'"]),
        (
            f"{HEAD}  - htp: {{url: 'https://a.example.com', as: reply}}\n"
            "  - branch: [{when: run.reply.ok, steps: [{stop: x}]}]\n",
            ["there is no step 'htp'"],
        ),
        (
            f"{HEAD}  - decide: {{rules: [{{otherwise: , set: {{Rate: 1}}}}], as: offer}}\n"
            "  - branch: [{when: run.offer.Rate == 1, steps: [{stop: x}]}]\n",
            ["'Rate' can't be used in expressions"],
        ),
        (
            f"{HEAD}  - send: {{channel: email, template: helo, purpose: transactional}}\n",
            ["there is no template 'helo'"],
        ),
    ],
)
def test_an_error_in_a_workflow_has_no_others_behind_it(text: str, messages: list[str]) -> None:
    said = found(text)
    assert len(said) == len(messages), said
    assert [one for one in messages if one in said or one.startswith("this compares")] == messages


def test_a_template_that_can_not_be_read_is_there() -> None:
    text = f"{HEAD}  - {SEND}\n"
    assert len(found(text, templates__hello="channel: email\n  layout: [")) == 1
    emial = MAIL.replace("channel: email", "channel: emial")
    assert found(text, templates__hello=emial) == ["'channel' can't be 'emial'"]


def test_so_is_a_segment_and_a_declared_event() -> None:
    text = f"workflow: one\ntrigger: {{segment: vips, change: joined}}\nsteps: [{SEND}]\n"
    assert len(found(text, segments="vips: customer.orders_cuont > 3\n")) == 1
    text = f"workflow: one\ntrigger: {{event: custom.joined, when: event.level == 'x'}}\nsteps: [{SEND}]\n"
    assert len(found(text, events__custom__joined="{")) >= 1
    given = files(text, "hello") | {"events/custom.joined.json": "{"}
    assert not [one for one in diagnose(given)[1] if "there is no event" in one.message]


def test_no_warning_follows_from_an_error() -> None:
    given = files(f"{HEAD}  - send: {{channel: email, template: helo, purpose: transactional}}\n", "hello")
    assert [one.severity for one in diagnose(given)[1]] == ["error"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"workflow: one\ntrigger: {{event: order.placed}}\nSteps: [{SEND}]\n", "did you mean 'steps'?"),
        (f"{HEAD}  - send: {{chanel: email, template: hello, purpose: transactional}}\n", "did you mean 'channel'?"),
        (f"{HEAD}  - send: {{via: email, template: hello, purpose: transactional}}\n", "'channel' is missing"),
        (
            f"{HEAD}  - split: [{{variant: a, weight: 1, steps: [{SEND}]}}, {{name: b, weight: 1}}]\n",
            "'name' is missing; known here: name, steps, weight",
        ),
        (f"{HEAD}  - stop: done\n  - wait: 1d\n  - wait: 2d\n  - {SEND}\n", "what comes before it goes elsewhere"),
        (
            f"{HEAD}  - {{id: a, wait: 1d}}\n  - goto: a\n  - wait: 2d\n"
            f"  - branch: [{{otherwise: , steps: [{SEND}]}}]\n",
            "what comes before it goes elsewhere",
        ),
    ],
)
def test_a_misspelt_field_is_not_missing_too_and_what_follows_lost_steps_is_not_lost_again(
    text: str, said: str
) -> None:
    problems = [one for one in diagnose(files(text, "hello"))[1] if one.severity == "error"]
    assert len(problems) == 1, problems
    assert said in problems[0].help


def test_two_lost_places_are_two_findings() -> None:
    arm = "[{stop: x}, {wait: 1d}, {wait: 2d}]"
    text = f"{HEAD}  - branch: [{{when: 'true', steps: {arm}}}, {{otherwise: , steps: {arm}}}]\n"
    assert found(text) == ["no run can reach the step 'wait-1d'", "no run can reach the step 'wait-1d-2'"]


def test_a_text_that_a_language_lacks_is_told_once() -> None:
    text = f"{HEAD}  - {SEND}\n"
    lacking = MAIL + "es: {heading: Hola, body: [Hola]}\n"
    problems = diagnose(files(text, "hello") | {"templates/hello.yaml": lacking})[1]
    assert [one.message for one in problems] == ["the texts in 'es' need 'subject'"]


def test_a_misspelt_field_of_an_emitted_event_is_not_missing_as_well() -> None:
    emit = "  - emit: {event: order.cancelled, data: {order_idd: trigger.order_id}}\n"
    assert found(f"{HEAD}{emit}") == ["order.cancelled has no field 'order_idd'"]
    assert len(found(f"{HEAD}{emit.replace('order_idd', 'cause')}")) == 2
