"""What `check` accepts can be rendered, and everything is rendered alike: mails, SMS, titles, calls, and in tests."""

from textwrap import dedent

import pytest

from relevo_templates.errors import TemplateError
from relevo_templates.formats import formats_of
from relevo_templates.texts import Text
from relevo_workflow.compiler.load import diagnose
from relevo_workflow.testing.runner import run_tests
from tests.workflow.shop import a_workflow, files, problems_of

LAYOUT = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
LAYOUTS = {
    "layouts/message.mjml": LAYOUT.format('<mj-text>{{ text.heading }} {{ text.body | join: " " }}</mj-text>'),
    "layouts/message.txt": "{{ text.heading }}\n\n{% for line in text.body %}{{ line }}\n{% endfor %}{{ link }}",
}
NOTE = """
channel: email
layout: message
link: https://acme.example.com/orders/{{ trigger.number }}
en:
  subject: "Order of {{ trigger.placed_at | date: 'long' }}"
  heading: "Placed at {{ trigger.placed_at | time }}"
  body: ["Total {{ trigger.total }}", "Order number {{ customer.orders_count | number }}"]
es:
  subject: "Pedido del {{ trigger.placed_at | date: 'long' }}"
  heading: Hola & adiós
  body: ["Total {{ trigger.total | money }}"]
"""
SMS = """
channel: sms
en: {text: "Total {{ trigger.total | money }}"}
es: {text: "Total: {{ trigger.total | money }}"}
"""
FLOW = """
workflow: flow
key: trigger.order_id
trigger: {event: order.placed}
steps:
  - send: {channel: email, template: note, purpose: transactional}
  - send: {channel: sms, template: short, purpose: transactional}
  - http:
      method: POST
      url: https://erp.example.com/orders/{{ trigger.number }}?name={{ customer.first_name }}
      headers: {X-Name: "{{ customer.first_name }}"}
      body: {amount: trigger.total.amount, zip: "00123", n: "{{ trigger.number }}", of: "{{ trigger.total | money }}"}
  - task:
      title: "Call about {{ trigger.total | money }} of {{ trigger.placed_at | date: 'long' }}"
      skill: service
      deadline: 2d
"""
GIVEN = """
given:
  start: 2026-03-10 10:00
  customer: {email: ana@example.com, timezone: Europe/Madrid, first_name: "José & Co", orders_count: 1224}
  shop: {locale: en}
  trigger:
    event: order.placed
    data:
      {order_id: o1, number: "#1001", placed_at: "2026-03-10T09:00:00Z", total: {amount: "1980", currency: JPY}}
tests:
  - name: it is rendered
    expect:
"""


def flow(text: str = FLOW, **more: str) -> list[str]:
    templates = {"templates/note.yaml": NOTE, "templates/short.yaml": SMS, **LAYOUTS, **more}
    return [str(one) for one in problems_of(text, **templates)]


def failures(expect: str, text: str = FLOW, given: str = GIVEN, **more: str) -> list[str]:
    definition = a_workflow(text, **{"templates/note.yaml": NOTE, "templates/short.yaml": SMS, **LAYOUTS, **more})
    body = "".join(f"      {line}\n" for line in dedent(expect).strip().splitlines())
    suite = run_tests(definition, {"tests/t.yaml": given + body})
    return [str(one) for one in (*suite.problems, *(failure for one in suite.results for failure in one.failures))]


def test_titles_and_calls_have_amounts_dates_and_encoded_values() -> None:
    expect = """
    tasks:
      - {open: task-1, title: "Call about ¥1,980 of March 10, 2026"}
      - {close: task-1}
    calls:
      - url: https://erp.example.com/orders/%231001?name=Jos%C3%A9%20%26%20Co
        headers: {X-Name: José & Co}
        body: {amount: 1980.0, zip: "00123", n: "#1001", of: "¥1,980"}
    """
    assert failures(expect) == []


def test_a_test_says_what_a_message_reads_like_in_any_language() -> None:
    expect = """
    sends:
      - email: note
        subject: Order of March 10, 2026
        text: Placed at 10:00 AM Total ¥1,980 Order number 1,225 https://acme.example.com/orders/%231001
        html: {contains: [Placed at 10:00 AM, "¥1,980"], lacks: amount}
        body: Total ¥1,980
      - sms: short
        locale: es
        text: "Total: 1.980 JPY"
    """
    assert failures(expect) == []
    expect = """
    sends:
      - {email: note, locale: es-MX, subject: Pedido del 10 de marzo de 2026, html: {contains: Hola &amp; adiós}}
      - {sms: short, locale: fr, text: "Total ¥1,980"}
    """
    assert failures(expect) == []


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ("sends: [{email: note, subject: Hello}, {sms: short}]", "the subject is 'Order of March 10, 2026'"),
        ("sends: [{email: note, text: {contains: Bye}}, {sms: short}]", "'Bye' is not in the text: 'Placed at"),
        ("sends: [{email: note, html: {lacks: Placed}}, {sms: short}]", "'Placed' is in the html"),
        ("sends: [{email: note, locale: es, body: Placed}, {sms: short}]", "'Placed' is not in the text"),
        ("sends: [{email: note, text: [a]}, {sms: short}]", "'text' must be text, but this is a list"),
        ("sends: [{email: note, text: {has: a}}, {sms: short}]", "'text' has no field 'has'"),
        ("sends: [{email: note, text: {contains: []}}, {sms: short}]", "must be text"),
        ("sends: [{email: note, html: }, {sms: short}]", "'html' must be text, but this is nothing"),
    ],
)
def test_what_differs_is_told(expect: str, message: str) -> None:
    assert any(message in one for one in failures(expect)), failures(expect)


def test_a_message_that_can_not_be_rendered_fails_its_test() -> None:
    note = NOTE.replace("{{ trigger.placed_at | time }}", "{{ trigger.number | date }}")
    (found,) = failures("runs: 1", **{"templates/note.yaml": note})
    assert "can't be rendered" in found
    assert "templates/note.yaml (en.heading):1: not a date or an instant: '#1001'" in found


def test_a_title_that_can_not_be_rendered_is_its_own_text() -> None:
    text = FLOW.replace("trigger.placed_at | date: 'long'", "trigger.number | date")
    expect = """
    tasks:
      - {open: task-1, title: "Call about {{ trigger.total | money }} of {{ trigger.number | date }}"}
      - {close: task-1}
    """
    assert failures(expect, text) == []


def test_header_values_are_one_line() -> None:
    given = GIVEN.replace("José & Co", "José\\nX-Evil: 1")
    assert failures('calls: [{headers: {X-Name: "José X-Evil: 1"}}]', given=given) == []


WRONG = [
    ("{{ trigger.placed_at | date: '%d %B' }}", 29, "unknown form of date '%d %B': use short, medium, long, full"),
    ("{{ trigger.placed_at | time: 'Hm' }}", 29, "unknown form of time 'Hm'"),
    ("{{ trigger.placed_at | money }}", 23, "'money' needs an amount of money, and trigger.placed_at is a time"),
    ("{{ trigger.number | money }}", 20, "'money' needs an amount of money, and trigger.number is text"),
    ("{{ customer.total_spent | money }}", 26, "and customer.total_spent is a number (help: money: customer.currency)"),
    ("{{ trigger.total | number }}", 19, "'number' needs a number, and trigger.total is an amount of money"),
    ("{{ trigger.total | date }}", 19, "'date' needs a time, and trigger.total is an amount of money"),
    ("{{ trigger.items }}", 3, "trigger.items is a list and can't be printed (help: loop over it with {% for %})"),
    ("{{ trigger.customer }}", 3, "trigger.customer is a record and can't be printed (help: name one of its fields)"),
    ("{{ customer.attributes }}", 3, "customer.attributes is a record and can't be printed"),
    ("{% for i in trigger.items %}{{ i.price | date }}{% endfor %}", 41, "i.price is an amount of money"),
    ("{{ trigger.number | truncate: 'a' }}", 30, "truncate expected an integer"),
    ("{{ 'x' | money }}", 9, "not an amount of money: 'x'"),
    ("{% for i in (1..999999) %}{% endfor %}", 12, "a loop may make 10000 rounds, and this makes 999999"),
    ("{{ trigger.total | money: 1, 2, 3 }}", 26, "money takes a value and one argument at most"),
]


@pytest.mark.parametrize(("text", "index", "message"), WRONG)
def test_what_could_never_be_rendered_is_found_where_it_stands(text: str, index: int, message: str) -> None:
    mail = f'channel: email\nlayout: message\nen:\n  subject: "{text}"\n  body: [x]\n'
    (found,) = flow(**{"templates/note.yaml": mail})
    assert found.startswith(f"templates/note.yaml:4:{13 + index}: error: ")
    assert message in found
    task = f'workflow: flow\ntrigger: {{event: order.placed}}\nsteps:\n  - task: {{title: "{text}"}}\n'
    (found,) = [str(one) for one in problems_of(task)]
    assert message in found


@pytest.mark.parametrize(
    "text",
    [
        "{{ trigger.placed_at | date: 'MMMMd' }}",
        "{{ trigger.placed_at | date }} {{ trigger.placed_at | time: 'short' }}",
        "{{ customer.total_spent | money: customer.currency }}",
        "{{ trigger.total }} {{ customer.tags }} {{ customer.orders_count | number }}",
        "{{ trigger.number | default: 'x' | upcase }}",
    ],
)
def test_what_can_be_rendered_is_accepted(text: str) -> None:
    mail = f'channel: email\nlayout: message\nen:\n  subject: "{text}"\n  body: [x]\n'
    assert flow(**{"templates/note.yaml": mail}) == []


@pytest.mark.parametrize(
    ("layout", "place", "message"),
    [
        (LAYOUT.format("\n<mj-text>{{ text.subject | oops }}</mj-text>"), "2:28", "there is no filter 'oops'"),
        (LAYOUT.format("\n<mj-text>{{ txt.subject }}</mj-text>"), "2:13", "a layout has no variable 'txt'"),
        (LAYOUT.format("\n<mj-text>{{ text.subject }</mj-text>"), "2:10", "this is not Liquid"),
        (LAYOUT.format("\n<mj-wrong>a</mj-wrong>"), "2:1", "MJML has no element mj-wrong"),
        ("<mjml><mj-body></mjml>", "1:1", "not MJML"),
    ],
)
def test_a_layout_is_checked_as_well(layout: str, place: str, message: str) -> None:
    (found,) = flow(**{"layouts/message.mjml": layout})
    assert found.startswith(f"layouts/message.mjml:{place}: error: ")
    assert message in found


def test_a_layout_has_two_forms_and_words() -> None:
    given = files(FLOW, **{"templates/note.yaml": NOTE, "templates/short.yaml": SMS, **LAYOUTS})
    del given["layouts/message.txt"]
    given["layouts/message.yaml"] = "en: [a]"
    found = [str(one) for one in diagnose(given)[1]]
    assert any("there is no layouts/message.txt beside it" in one for one in found)
    assert any("layouts/message.yaml:1:5: error: the words of a layout are texts by name" in one for one in found)


@pytest.mark.parametrize("link", ["https://[bad", "https://a b/", "https://a.example:0/"])
def test_a_link_that_is_written_out_must_be_a_web_address(link: str) -> None:
    mail = f"channel: email\nlayout: message\nlink: '{link}'\nen: {{subject: a, body: [x]}}\n"
    (found,) = flow(**{"templates/note.yaml": mail})
    assert "is not a web address" in found


def test_an_sms_that_is_too_long_as_it_is_written_is_a_warning() -> None:
    definition = a_workflow(
        FLOW,
        **{
            "templates/note.yaml": NOTE,
            "templates/short.yaml": f"channel: sms\nen: {{text: {'word ' * 400}}}\n",
            **LAYOUTS,
        },
    )
    assert any("the SMS has 1999 characters" in one.message for one in definition.warnings)


VALUES = {
    "trigger.total": {"amount": "1980", "currency": "JPY"},
    "trigger.placed_at": "2026-03-10T09:00:00Z",
    "trigger.items": [{"title": "Cup", "price": {"amount": "1", "currency": "EUR"}}],
    "trigger.customer": {"email": "ana@example.com"},
    "customer.orders_count": 3,
    "customer.total_spent": "12.50",
    "customer.tags": ["vip"],
}
FILTERS = ["", "money", "number", "date", "time", "upcase", "truncate", "times", "join", "map", "oops"]
ARGUMENTS = ["", "'long'", "'%d %B'", "'MMMMd'", "5", "'EUR'", "'title'", "1, 2, 3"]
PRINTED_WHOLE = {"trigger.items", "trigger.customer"}


@pytest.mark.parametrize("path", VALUES)
@pytest.mark.parametrize("name", FILTERS)
def test_check_accepts_exactly_what_can_be_rendered(path: str, name: str) -> None:
    texts = [f"{{{{ {path} | {name}: {one} }}}}" if one else f"{{{{ {path} | {name} }}}}" for one in ARGUMENTS]
    texts = texts if name else [f"{{{{ {path} }}}}"]
    mail = "channel: email\nlayout: message\nen:\n  subject: x\n  body:\n" + "".join(
        f'    - "{one}"\n' for one in texts
    )
    refused = {int(one.split(":")[1]) - 6 for one in flow(**{"templates/note.yaml": mail})}
    for number, text in enumerate(texts):
        if text == f"{{{{ {path} }}}}" and path in PRINTED_WHOLE:
            assert number in refused  # it would be JSON, which no customer should read
        else:
            assert (number not in refused) == can_be_rendered(text, path), text


def can_be_rendered(text: str, path: str) -> bool:
    root, field = path.split(".")
    try:
        Text(text).render({root: {field: VALUES[path]}}, formats_of("en", "UTC"))
    except TemplateError:
        return False
    return True
