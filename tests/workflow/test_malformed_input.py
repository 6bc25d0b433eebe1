"""Odd input is told with its place, never a traceback and never taken for something else."""

from datetime import timedelta

import pytest

from relevo_workflow.compiler.load import diagnose
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
    (
        "a: \x07",
        "1:1: error: this is not valid YAML: unacceptable character #x0007: special characters are not allowed",
    ),
]


@pytest.mark.parametrize(("text", "message"), YAML)
def test_yaml_that_nobody_writes_by_hand(text: str, message: str) -> None:
    (found,) = said(text)
    assert found.startswith(f"workflow.yaml:{message}")


def step(text: str) -> list[str]:
    return said(HEAD + f"steps:\n  - {text}\n")


NAMES = "a lower-case letter, then letters, digits, '_'"


def test_what_a_table_finds_needs_names_that_expressions_can_use() -> None:
    assert step("decide: {rules: [{otherwise: , set: {a-b: trigger.number}}], as: x}")[0] == (
        f"workflow.yaml:4:42: error: 'a-b' can't be used in expressions (help: {NAMES})"
    )


def test_so_does_what_a_step_saves() -> None:
    found = step("http: {url: 'https://erp.example.com/{{ trigger.number }}', as: a-b, body: trigger.number}")
    assert f"workflow.yaml:4:69: error: 'a-b' can't be used in expressions (help: {NAMES})" in found
    found = step("http: {url: https://erp.example.com, as: in}")
    assert found[0].endswith("error: 'in' is a word of the expression language (help: choose another name)")


def test_one_name_for_two_kinds_of_events_is_an_error_also_in_one_arm() -> None:
    found = step("wait_for: [{event: [order.paid, refund.created], as: x}, {timeout: 1d}]")
    assert found[0] == "workflow.yaml:4:58: error: 'run.x' is saved elsewhere as something else (help: another name)"
    found = step("wait_for: [{event: [order.paid, order.cancelled], as: x}, {timeout: 1d}]")
    assert not any("error" in one for one in found)


LIQUID = [
    ("{% include 'x' %}", "this is not Liquid: unexpected tag 'include'"),
    ("{% render 'x' %}", "this is not Liquid: unexpected tag 'render'"),
    ("{{ trigger.number | uppercase }}", "there is no filter 'uppercase' (help: did you mean 'upcase'?)"),
]


@pytest.mark.parametrize(("subject", "message"), LIQUID)
def test_liquid_that_could_not_be_rendered(subject: str, message: str) -> None:
    send = HEAD + "steps: [{send: {channel: email, template: note, purpose: transactional}}]\n"
    text = MAIL.replace("subject: Hello", f'subject: "{subject}"')
    (found,) = said(send, **{"templates/note.yaml": text})
    assert found.startswith("templates/note.yaml:4:") and found.endswith(message)


PATHS = [
    ("{{ [run].x }}", "there is no variable '['run']' in templates"),
    ('{{ run["a("] }} {{ run.b }}', "run has no field 'a('"),
    ('{{ run["a\\\\"] }}', "run has no field 'a\\\\'"),
]
"""Liquid, and what is wrong with it."""


@pytest.mark.parametrize(("text", "message"), PATHS)
def test_liquid_whose_names_are_computed_or_no_names(text: str, message: str) -> None:
    task = f"steps: [{{task: {{title: '{text}', deadline: 1d}}}}]\n"
    send = "steps: [{send: {channel: email, template: note, purpose: transactional}}]\n"
    mail = MAIL.replace("subject: Hello", f"subject: '{text}'")
    for found in (said(HEAD + task), said(HEAD + send, **{"templates/note.yaml": mail})):
        assert any(message in one for one in found)


RULES = [
    ("[a]", "segments must be a mapping of names to conditions, but this is a list"),
    ("{A b: 'true'}", "'A b' is not a valid segment name"),
    ("{a: customer.last_order_at < now - days(99999)}", "a time limit of a segment can't be longer than 100 years"),
    (
        "{a: customer.last_order_at < now - duration('99999999999h')}",
        "a time limit of a segment can't be longer than 100 years",
    ),
    ("""{a: 'now > timestamp("2026-01-01T00:00:00Z")'}""", "warning: nobody joins or leaves 'a' when time passes"),
]


@pytest.mark.parametrize(("rules", "message"), RULES)
def test_segments_that_cannot_work(rules: str, message: str) -> None:
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
def test_time_alone_moves_a_customer_whichever_way_a_limit_is_written(rule: str, change: str) -> None:
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


SILENT = [
    # what was taken for something else: the header's line, or a step; what is said
    ("not_after: 0m", "3:12: error: 'not_after' must be longer than nothing"),
    ("not_after: -1d", "3:12: error: 'not_after' can't be negative"),
    ("reentry: {after: 0d}", "3:18: error: 'after' must be longer than nothing"),
    ("goal: {event: [order.paid, order.placed], within: 7d}", "3:15: error: 'event' must be one event"),
    ("exit: {event: product.restocked}", "3:15: error: the run would never hear of product.restocked"),
    ("restart: {event: product.restocked}", "3:18: error: the run would never hear of product.restocked"),
    ("exit: {event: []}", "3:15: error: 'event' must be at least one event"),
    ("exit: {event: [order.paid, order.pad]}", "3:28: error: there is no event 'order.pad'"),
    ("title:", "3:7: error: 'title' must be text, but this is nothing"),
    (
        "  - wait: {until: trigger.placed_at, offset: -2h, at: '09:00'}",
        "4:19: error: with a time of day, 'offset' must",
    ),
    (
        "  - wait: {until: 2026-12-24 09:00, offset: -2h}",
        "4:19: error: with a time of day, 'offset' must be whole days",
    ),
    ("  - wait: {until: '25:00'}", "4:20: error: '25:00' is not a time (help: write"),
    ("  - wait: {until: 2026-02-30 09:00}", "4:19: error: '2026-02-30 09:00' is not a time"),
    ("  - wait_for: [{event: order.paid, timeout: 3d}]", "4:16: error: this arm is two things"),
    ("  - wait_for: [{name: a, event: order.paid}, {name: a, event: order.paid}, {timeout: 1d}]", "two arms 'a'"),
    ("  - branch: [{name: a, when: 'true'}, {name: a, when: 'true'}]", "4:46: error: there are two arms 'a'"),
    ("  - branch: [{otherwise: [{stop: x}]}]", "4:26: error: 'otherwise' takes no value (help: its steps stand under"),
    (
        "  - http: {url: https://example.com, headers: [a]}",
        "4:47: error: headers must be a mapping, but this is a list",
    ),
    ("  - http: {url: https://example.com, headers: {X y: a}}", "4:48: error: 'X y' is not a valid header name"),
    ("  - http: {url: https://example.com, headers: {X: [a]}}", "4:51: error: 'X' must be text, but this is a list"),
    ("  - http: {url: https://example.com, timeout: 0s}", "4:47: error: 'timeout' must be longer than nothing"),
    ("  - task: {title: [a], skill: b}", "4:19: error: 'title' must be text, but this is a list"),
    ("  - task: {title: a, deadline: 2d, escalate: {after: 2d, skill: b}}", "4:46: error: the escalation comes after"),
    ("  - decide: {rules: [], as: x}", "4:21: error: 'rules' must be a list"),
    (
        "  - decide: {rules: [{otherwise: , set: {a: 1}}, {when: 'true', set: {a: 2}}], as: x}",
        "4:23: error: 'otherwise' must be the last rule",
    ),
    ("  - goto: away", "4:11: error: there is no step 'away' (help: known here: before)"),
    ("  - emit: {event: quote.expired}", "4:11: error: quote.expired needs 'quote_id' (help: data: {quote_id: …})"),
    ("  - emit: {event: quote.expired, data: {quote_id: 5}}", "4:51: error: 'quote_id' of quote.expired must be text"),
    (
        "  - emit: {event: quote.expired, data: {quote_id: q, total: trigger.number}}",
        "4:61: error: 'total' of quote.expired must be an amount of money",
    ),
    ("  - emit: {event: quote.expired, data: {quote_id: q, items: [a], weight_kg: trigger.items}}", "must be a number"),
    (
        "  - emit: {event: product.restocked, data: {product_id: p}}",
        "4:19: error: product.restocked is not about a cus",
    ),
    ("  - emit: {event: [quote.expired, quote.sent], data: {quote_id: q}}", "4:19: error: 'event' must be one event"),
]


@pytest.mark.parametrize(("line", "message"), SILENT)
def test_what_would_have_been_taken_for_something_else(line: str, message: str) -> None:
    text = HEAD + f"steps:\n{line}\n  - {{id: before, wait: 1d}}\n"
    if not line.startswith("  "):
        text = HEAD + f"{line}\n" + STEPS
    found = said(text)
    assert any(message in one for one in found), found


def test_what_an_emitted_event_may_be_made_of() -> None:
    data = (
        "quote_id: trigger.order_id, total: trigger.total, items: trigger.items, weight_kg: 3, note: 'a {{ run.id }}'"
    )
    assert step(f"emit: {{event: quote.expired, data: {{{data}, valid_until: trigger.placed_at}}}}") == []


def test_a_trigger_that_names_nothing() -> None:
    assert said("workflow: flow\ntrigger: []\n" + STEPS) == [
        "workflow.yaml:2:10: error: nothing starts it (help: trigger: {event: order.placed})"
    ]


def test_two_arms_for_one_event_are_told_apart() -> None:
    flow = a_workflow(
        """
        workflow: flow
        trigger: {event: order.placed}
        steps:
          - wait_for:
              - {event: refund.created, where: event.reason == "damaged", steps: [{stop: damaged}]}
              - {event: refund.created, where: event.reason == "late", steps: [{stop: late}]}
              - timeout: 9d
        """
    )
    customer = Customer(flow).does("order.placed", order_id="o1")
    customer.does("refund.created", "1d", refund_id="r1", order_id="o1", reason="late")
    assert "wait-for-refund-created/refund.created-2" in customer.path
    assert flow.position_of("wait-for-refund-created/refund.created-2").line == 7


TEMPLATES = [
    ("en: {subject: , body: [x]}", "6:14: error: 'subject' must be text, but this is nothing"),
    ("en: {subject: '', body: [x]}", "'subject' must be text, but this is empty"),
    ("en: {subject: {a: b}, body: [x]}", "'subject' must be text, but this is a mapping"),
    ("en: {subject: a, body: []}", "'body' must be text, but this is empty"),
    ("en: {subject: a, body: [{a: b}]}", "'body' must be text, but this is a mapping"),
    ("english: {subject: a, body: [x]}", "a template has no field 'english'"),
    ("footer: {subject: a, body: [x]}", "a template has no field 'footer'"),
    ("link: somewhere\nen: {subject: a, body: [x]}", "'link' must begin with https://"),
    ("total: trigger.customer\nen: {subject: a, body: [x]}", "'trigger.customer' is not an amount of money"),
]


@pytest.mark.parametrize(("texts", "message"), TEMPLATES)
def test_texts_that_would_be_empty_or_nowhere(texts: str, message: str) -> None:
    send = HEAD + "steps: [{send: {channel: email, template: note, purpose: transactional}}]\n"
    found = said(send, **{"templates/note.yaml": f"channel: email\nlayout: message\n{texts}\n"})
    assert any(message.rsplit("error: ", maxsplit=1)[-1] in one for one in found), found


CONDITIONS = [
    ("has(customer.emial)", "customer has no field 'emial' (help: did you mean 'email'?)"),
    ("customer.last_order_at > now - 30", "'-' can't be applied to a time and int (help: a length of time is days(30)"),
    ("customer.email == null", "'==' can't be applied to string and null (help: an absent text is"),
    ("customer.email != '' and true", "mismatched input 'and' (help: 'and' is written '&&')"),
    ("customer.email = 'a'", "token recognition error at: '= ' (help: equality is written '==')"),
    ("not has(customer.email)", "(help: 'not' is written '!')"),
]


@pytest.mark.parametrize(("condition", "message"), CONDITIONS)
def test_conditions_in_the_manner_of_other_languages(condition: str, message: str) -> None:
    found = step(f'branch: [{{when: "{condition}"}}]')
    assert any(message in one for one in found), found
