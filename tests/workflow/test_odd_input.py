"""Odd input is told with its place, never a traceback and never taken for something else."""

from datetime import timedelta

import pytest

from relevo_workflow.load import diagnose
from tests.workflow.shop import MAIL, START, Customer, a_workflow, files, known

HEAD = "workflow: flow\ntrigger: {event: order.placed}\n"
STEPS = "steps: [{wait: 1d}]\n"


def said(text: str, *templates: str, **more: str) -> list[str]:
    return [str(one) for one in diagnose(files(text, *templates, **more))[1]]


YAML = [
    ("[" * 5000 + "]" * 5000, "1:1: error: this is nested more than 60 levels deep"),
    ("steps:\n" + "  - wait: 1d\n" * 20000, "1:1: error: it has more than 50000 values, with its aliases written out"),
    ("a: &a [*a]", "1:1: error: it has more than 50000 values, with its aliases written out"),
    (HEAD + STEPS + "? [a, b]\n: c\n", "4:3: error: a key must be a name"),
    ("a: \x07", "1:1: error: this is no YAML: unacceptable character #x0007: special characters are not allowed"),
]


@pytest.mark.parametrize(("text", "message"), YAML)
def test_yaml_that_nobody_writes_by_hand(text, message):
    (found,) = said(text)
    assert found.startswith(f"workflow.yaml:{message}")


def step(text: str) -> list[str]:
    return said(HEAD + f"steps:\n  - {text}\n")


NAMES = "a lower-case letter, then letters, digits, '_'"


def test_what_a_table_finds_needs_names_that_expressions_can_use():
    assert step("decide: {rules: [{otherwise: , set: {a-b: trigger.number}}], as: x}")[0] == (
        f"workflow.yaml:4:42: error: 'a-b' can't be used in expressions (help: {NAMES})"
    )


def test_so_does_what_a_step_saves():
    found = step("http: {url: 'https://erp.example.com/{{ trigger.number }}', as: a-b, body: trigger.number}")
    assert f"workflow.yaml:4:69: error: 'a-b' can't be used in expressions (help: {NAMES})" in found
    found = step("http: {url: https://erp.example.com, as: in}")
    assert found[0].endswith("error: 'in' is a word of the expression language (help: choose another name)")


def test_one_name_for_two_kinds_of_events_is_an_error_also_in_one_arm():
    found = step("wait_for: [{event: [order.paid, refund.created], as: x}, {timeout: 1d}]")
    assert found[0] == "workflow.yaml:4:56: error: 'run.x' is saved elsewhere as something else (help: another name)"
    found = step("wait_for: [{event: [order.paid, order.cancelled], as: x}, {timeout: 1d}]")
    assert not any("error" in one for one in found)


LIQUID = [
    ("{% include 'x' %}", "this is no Liquid: unexpected tag 'include'"),
    ("{% render 'x' %}", "this is no Liquid: unexpected tag 'render'"),
    ("{{ trigger.number | uppercase }}", "there is no filter 'uppercase' (help: did you mean 'upcase'?)"),
]


@pytest.mark.parametrize(("subject", "message"), LIQUID)
def test_liquid_that_could_not_be_rendered(subject, message):
    send = HEAD + "steps: [{send: {channel: email, template: note, purpose: transactional}}]\n"
    text = MAIL.replace("subject: Hello", f'subject: "{subject}"')
    (found,) = said(send, **{"templates/note.yaml": text})
    assert found.startswith("templates/note.yaml:4:") and found.endswith(message)


RULES = [
    ("[a]", "segments must be a mapping of names to conditions, and this is a list"),
    ("{A b: 'true'}", "'A b' is no name of a segment"),
    ("{a: customer.last_order_at < now - days(99999)}", "a time limit of a segment can't be longer than 100 years"),
    ("""{a: 'now > timestamp("2026-01-01T00:00:00Z")'}""", "warning: nobody joins or leaves 'a' when time passes"),
]


@pytest.mark.parametrize(("rules", "message"), RULES)
def test_segments_that_cannot_work(rules, message):
    (found,) = said(HEAD + f"segments: {rules}\n" + STEPS)
    assert message in found


LIMITS = [
    ("customer.last_order_at < now - days(30)", "joined"),
    ("customer.last_order_at <= now - days( 30 )", "joined"),
    ("now - customer.last_order_at > duration('720h')", "joined"),
    ("customer.last_order_at > now - duration('719h59m60s')", "left"),
    ("customer.last_order_at >= now - duration('719.5h1800000ms')", "left"),
]


@pytest.mark.parametrize(("rule", "change"), LIMITS)
def test_time_alone_moves_a_customer_whichever_way_a_limit_is_written(rule, change):
    flow = a_workflow(
        f"""
        workflow: flow
        trigger: {{segment: away, change: {change}}}
        segments: {{away: "{rule}"}}
        steps: [{{wait: 1d}}]
        """
    )
    customer = Customer(flow, facts=known(last_order_at=START)).waits("60d")
    assert [run.started_at - START for run in customer.runs] == [timedelta(days=30, microseconds=1)]
