"""Texts that are valid and hardly meant: a comment that cuts one off, single braces, a share that lacks its sign."""

import pytest

from relevo_workflow.compiler.load import diagnose
from tests.workflow.shop import files

FLOW = """\
workflow: flow
trigger: {event: order.placed}
steps:
  - task: {deadline: 1d, title: Call}
  - send: {channel: email, template: hello, purpose: transactional}
"""
MAIL = """\
channel: email
layout: message
en:
  subject: Hello
  heading: Hello
  body: [Hello]
"""


def warnings(flow: str = FLOW, mail: str = MAIL) -> list[str]:
    found = diagnose(files(flow) | {"templates/hello.yaml": mail})[1]
    assert [one for one in found if one.severity == "error"] == []
    return [str(one) for one in found]


CUT = [
    ("Order #{{ trigger.order_id }}", 18, "'Order #{{ trigger.order_id }}'"),
    ("Order # {{ trigger.order_id }} is here", 18, "'Order # {{ trigger.order_id }} is here'"),
    ("Ana's #1 shop", 18, "'Ana''s #1 shop'"),
    ("Hello  # what stands above", 0, ""),
    ("We're no#1", 0, ""),
    ("'Order #{{ trigger.order_id }}'", 0, ""),
    ("'Order'  # {{ trigger.order_id }}", 0, ""),
]


@pytest.mark.parametrize(("subject", "column", "quoted"), CUT)
def test_a_comment_that_cuts_off_a_text_of_a_template(subject: str, column: int, quoted: str) -> None:
    found = warnings(mail=MAIL.replace("subject: Hello", f"subject: {subject}"))
    said = "'#' begins a comment here: the text ends before it"
    wanted = [f"templates/hello.yaml:4:{column}: warning: {said} (help: quote the whole text: {quoted})"]
    assert found == (wanted if quoted else [])


def test_a_comment_that_cuts_off_a_text_of_a_step() -> None:
    title = "      title: Return #{{ trigger.order_id }}\n      deadline: 1d\n"
    found = warnings(FLOW.replace("  - task: {deadline: 1d, title: Call}\n", f"  - task:\n{title}"))
    assert [one.split(" (")[0] for one in found] == [
        "workflow.yaml:5:21: warning: '#' begins a comment here: the text ends before it"
    ]


def test_comments_beside_what_is_no_text_are_comments() -> None:
    commented = FLOW.replace("trigger:", "#trigger\ntrigger:").replace("flow\n", "flow #the name\n")
    assert warnings(commented + "  - wait: 4h  # four hours\n  - wait: 1d #a day\n") == []


@pytest.mark.parametrize(
    ("text", "written", "meant"),
    [
        ("Hello { customer.first_name }", "{ customer.first_name }", "{{ customer.first_name }}"),
        ("Hello {customer.first_name}!", "{customer.first_name}", "{{ customer.first_name }}"),
        ("Hello ${customer.first_name}", "${customer.first_name}", "{{ customer.first_name }}"),
        ("Hello { customer.first_name }}", "{ customer.first_name }}", "{{ customer.first_name }}"),
        ("{ trigger.total | money }", "{ trigger.total | money }", "{{ trigger.total | money }}"),
        ("{{ shop.name }}, { shop.domain }", "{ shop.domain }", "{{ shop.domain }}"),
    ],
)
def test_a_variable_in_single_braces_is_sent_as_it_is_written(text: str, written: str, meant: str) -> None:
    said = f"warning: '{written}' stays as it is written: a variable needs two braces (help: write {meant})"
    (mail,) = warnings(mail=MAIL.replace("[Hello]", f'["{text}"]'))
    assert mail == f"templates/hello.yaml:6:{11 + text.index(written)}: {said}"
    (task,) = warnings(FLOW.replace("title: Call", f'title: "{text}"'))
    assert task.endswith(said)


@pytest.mark.parametrize("text", ["{% if customer.first_name %}a{% endif %}", "{{ customer.first_name }}", "{a} {b.c}"])
def test_liquid_and_other_braces_are_not_told(text: str) -> None:
    assert warnings(mail=MAIL.replace("[Hello]", f'["{text}"]')) == []


@pytest.mark.parametrize(("field", "told"), [("holdout: SHARE", "holdout"), ("enrol: {percent: SHARE}", "percent")])
def test_a_share_below_one_says_percent(field: str, told: str) -> None:
    (one,) = warnings(FLOW + field.replace("SHARE", "0.1"))
    assert one.endswith(f"'{told}' is 0.1 of 100 customers (help: write 10%, or 0.1% if it is meant)")
    for share in ("0.1%", "1", "0", "12.5", "50%"):
        assert warnings(FLOW + field.replace("SHARE", share)) == []
