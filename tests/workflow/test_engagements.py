"""Openings and clicks in the tests of a workflow: what starts and moves by them, and what does not."""

import pytest

from relevo_contracts.template import TemplateLinks
from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.testing.runner import SuiteResult, run_tests

FLOW = """
workflow: flow
key: trigger.order_id
trigger: {event: order.placed}
steps:
  - send: {channel: email, template: offer, purpose: transactional}
  - wait_for:
      - event: message.clicked
        where: event.run_id == run.id && event.template == "offer" && event.url.startsWith("https://shop.example.com/")
        steps: [{stop: interested}]
      - event: message.opened
        where: event.run_id == run.id && event.step == "send-offer"
        steps: [{stop: read}]
      - timeout: 3d
        steps: [{stop: silent}]
"""
TEMPLATE = "channel: email\nlayout: plain\nen: {subject: An offer, body: [For you.]}\n"
LAYOUTS = {
    "layouts/plain.mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>{{ text.body }}</mj-text></mj-column>"
    "</mj-section></mj-body></mjml>",
    "layouts/plain.txt": "{{ text.body }}",
}
FILES = {"templates/offer.yaml": TEMPLATE, **LAYOUTS}
TEST = """\
given:
  start: 2026-03-10 10:00
  customer: {{email: ana@example.com}}
  trigger:
    event: order.placed
    data: {{order_id: o-1}}
tests:
  - name: one
    events: [{events}]
    expect: {{end: {{reason: {reason}}}}}
"""


def ran(events: str, reason: str) -> SuiteResult:
    return run_tests(
        load_workflow({"workflow.yaml": FLOW, **FILES}), {"tests/a.yaml": TEST.format(events=events, reason=reason)}
    )


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ("{at: +5h, clicked: offer, url: https://shop.example.com/tea}", "interested"),
        ("{at: +5h, clicked: send-offer, url: https://shop.example.com/tea}", "interested"),
        ("{at: +5h, clicked: offer, url: https://elsewhere.example.com/}", "silent"),
        ("{at: +5h, opened: offer}", "read"),
        ("{at: +5h, scanned: offer, url: https://shop.example.com/tea}", "silent"),
        ("{at: +5h, event: message.clicked, data: {delivery_id: other/send-offer/1, run_id: other}}", "silent"),
        ("", "silent"),
    ],
)
def test_a_message_moves_the_run_that_sent_it_and_no_machine_does(events: str, reason: str) -> None:
    result = ran(events, reason)
    assert result.passed, result


def test_a_message_that_was_not_sent_can_t_be_clicked() -> None:
    [one] = ran("{at: +5h, clicked: offre}", "silent").results
    assert "there is no message 'offre' by then" in str(one.failures[0])


def test_a_click_starts_a_workflow_and_a_scanner_does_not() -> None:
    flow = """
workflow: thanks
trigger: {event: message.clicked, when: event.workflow == "offers" && event.purpose == "marketing"}
steps: [{stop: started}]
"""
    test = """\
given: {start: 2026-03-10 10:00, customer: {email: ana@example.com}}
tests:
  - name: by a person
    events: [{at: +1h, event: message.clicked, data: {delivery_id: r/s/1, workflow: offers, purpose: marketing}}]
    expect: {runs: 1}
  - name: by a machine
    events: [{at: +1h, event: message.scanned, data: {delivery_id: r/s/1, workflow: offers, purpose: marketing}}]
    expect: {runs: 0}
"""
    assert run_tests(load_workflow({"workflow.yaml": flow}), {"tests/a.yaml": test}).passed


def links_of(more: str) -> TemplateLinks:
    definition = load_workflow({"workflow.yaml": FLOW, **FILES, "templates/offer.yaml": TEMPLATE + more})
    return definition.templates["offer"].links


def test_a_template_says_how_its_links_go_out() -> None:
    assert links_of("") == TemplateLinks()
    assert links_of("tracking: off\n") == TemplateLinks(tracking=False)
    assert links_of("utm: off\n") == TemplateLinks(utm=None)
    assert links_of("utm: {campaign: spring, content: ''}\n") == TemplateLinks(
        utm={"campaign": "spring", "content": ""}
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("tracking: sometimes\n", "sometimes"),
        ("utm: {campain: spring}\n", "there is no campaign parameter 'campain'"),
        ("utm: yes\n", "'utm' must be a mapping"),
        ("utm: {campaign: [a]}\n", "'campaign' must be text"),
    ],
)
def test_what_it_can_t_say_is_told(more: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        links_of(more)
