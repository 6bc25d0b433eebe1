"""What YAML makes of text that people write in good faith: one finding each, with what to write instead."""

import pytest

from relevo_workflow.syntax.diagnostics import Problems
from relevo_workflow.syntax.yaml_source import read_yaml
from tests.workflow.shop import problems_of

HEAD = "workflow: flow\ntrigger: {event: order.placed}\n"
WHEN = "steps:\n  - branch:\n      - when: VALUE\n        steps: [{wait: 1d}]\n"
ARM = "steps:\n  - wait_for:\n      - {event: order.paid, where: VALUE}\n      - timeout: 1d\n"
STEP = "steps:\n  - wait: 1d\n"


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ('"vip" in customer.tags', """when: '"vip" in customer.tags'"""),
        ('"a" in customer.tags || "b" in customer.tags', """when: '"a" in customer.tags || "b" in customer.tags'"""),
        ('"vip" == customer.group # vip', "quote the whole value"),
        ("'vip' in customer.tags", "when: '''vip'' in customer.tags'"),
        ('!("vip" in customer.tags)', """when: '!("vip" in customer.tags)'"""),
        ('!customer.email.contains("x")', """when: '!customer.email.contains("x")'"""),
        ("customer.orders_count > 1 ? true : false", "when: 'customer.orders_count > 1 ? true : false'"),
        ('customer.email != "x: y"', """when: 'customer.email != "x: y"'"""),
        ("\"customer.email.matches('\\d+')\"", "backslash is written twice"),
        ("@x", "when: '@x'"),
        ("`x`", "when: '`x`'"),
        ("%x", "when: '%x'"),
        ("> 3", "when: '> 3'"),
        ("*x", "when: '*x'"),
        ('"abc', "not closed"),
    ],
)
def test_an_expression_that_begins_like_something_else_is_quoted_as_a_whole(value: str, advice: str) -> None:
    problems = problems_of(HEAD + WHEN.replace("VALUE", value))
    assert len(problems) == 1, problems
    assert advice in problems[0].help, problems[0]


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ('customer.group in ["a", "b"]', """where: 'customer.group in ["a", "b"]'"""),
        ("event.order_id in [a, b]", "where: 'event.order_id in [a, b]'"),
        ('event.items.exists(i, i.title == "x")', """where: 'event.items.exists(i, i.title == "x")'"""),
        ("math.greatest(1, 2, 3) > 2", "where: 'math.greatest(1, 2, 3) > 2'"),
        ('"x" in customer.tags', """where: '"x" in customer.tags'"""),
        ("event.total.amount > 1.0 ? true : false", "is quoted"),
    ],
)
def test_inside_braces_commas_and_brackets_are_told_once(value: str, advice: str) -> None:
    problems = problems_of(HEAD + ARM.replace("VALUE", value))
    assert len(problems) == 1, problems
    assert advice in problems[0].help, problems[0]


@pytest.mark.parametrize(
    ("steps", "advice"),
    [
        ("steps:\n  - send:\n    channel: email\n    template: hello\n    purpose: marketing\n", "indent what belongs"),
        ("steps:\n  - id: a\n    http:\n    url: https://erp.example.com\n", "indent what belongs to 'http'"),
        ("steps:\n  - branch:\n      - when: true\n      steps: [{wait: 1d}]\n", "line it up"),
        ("steps:\n  - wait: 1d\n   - wait: 2d\n", "line it up"),
        ("steps:\n  - wait:1d\n", "wait: 1d"),
        ("steps:\n\t- wait: 1d\n", "no tabs"),
        ("steps:\n  - branch:\n\t- when: true\n", "no tabs"),
        ("steps:\n  - wait:\t1d\n", "no tabs"),
        ("steps:\n  - wait: {until: 9am}\n", '"09:00"'),
        ("steps:\n  - wait: 3 days\n", "3d"),
        ("steps:\n  - wait: 2 months\n", "60d"),
        ("steps:\n  - wait: 30\n", "30m, 30h, 30d"),
        ("steps:\n  - set: {attributes: {a: 'it's'}}\n", "apostrophe"),
        ("steps:\n  - wait: 1d\n---\nsteps:\n  - wait: 1d\n", "take out the line '---'"),
    ],
)
def test_indentation_spaces_and_units(steps: str, advice: str) -> None:
    problems = problems_of(HEAD + steps, "hello")
    assert len(problems) == 1, problems
    assert advice in problems[0].help, problems[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9am", "09:00"),
        ("9 AM", "09:00"),
        ("12am", "00:00"),
        ("12:30 pm", "12:30"),
        ("8 p.m.", "20:00"),
        ("09.00", "09:00"),
        ("9h30", "09:30"),
        ("20h", "20:00"),
        ("9", "09:00"),
        ("930", "09:30"),
        ("24:00", "00:00"),
        ("noon", "09:00"),
        ("25:00", "09:00"),
    ],
)
def test_times_of_day_are_told_as_they_are_written_here(written: str, meant: str) -> None:
    window = f"window: {{from: {written}, until: 21:00}}\n"
    problems = problems_of(HEAD + window + STEP)
    assert [one.help for one in problems] == [f'write it like "{meant}"']


def test_a_time_without_quotes_is_a_time_and_no_number_of_seconds() -> None:
    assert (
        problems_of(
            f"workflow: flow\ntrigger: {{date: birthday, at: 9:30}}\nwindow: {{from: 9:00, until: 20:00}}\n{STEP}"
        )
        == []
    )


@pytest.mark.parametrize("said", ["yes", "no", "on", "off"])
def test_yes_and_no_are_words_and_no_flags(said: str) -> None:
    problems = problems_of(f"{HEAD}reentry: {said}\n{STEP}")
    assert [one.message for one in problems] == [f"'reentry' can't be '{said}'"]


def test_a_space_before_the_colon_is_none_the_less_a_name() -> None:
    assert problems_of(HEAD + "steps:\n  - wait : 1d\n") == []


def test_a_colon_without_a_space_in_braces_is_told_once() -> None:
    problems = problems_of("workflow: flow\ntrigger: {event:order.placed}\n" + STEP)
    assert [(one.message, one.help) for one in problems] == [
        ("there is no space after 'event:'", "write it event: order.placed")
    ]


def test_liquid_without_quotes_is_told_once() -> None:
    problems = problems_of(HEAD + "steps:\n  - set: {attributes: {link: {{ trigger.status_url }}}}\n")
    assert [one.help for one in problems] == ['quote the text: "{{ trigger.status_url }}"']


TEMPLATE = "channel: email\nlayout: message\nen:\n  subject: x\n  heading: x\n  body:\n    - VALUE\n"


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("subject: Ends on {{ now | date: 'long' }}", "subject: 'Ends on {{ now | date: ''long'' }}'"),
        ('subject: Ends on {{ now | date: "long" }}', """subject: 'Ends on {{ now | date: "long" }}'"""),
        ("subject: Half is {{ trigger.points | times: 0.5 }}", "subject: 'Half is {{ trigger.points | times: 0.5 }}'"),
        ("subject: {{ shop.name }} says hello", "subject: '{{ shop.name }} says hello'"),
        ("body: [Dear {{ customer.first_name }}, Hello]", "a text with {{ }} is quoted"),
        ("body: [one, Dear {{ customer.first_name }}]", "a text with {{ }} is quoted"),
    ],
)
def test_a_text_with_liquid_is_quoted_as_a_whole(line: str, advice: str) -> None:
    template = TEMPLATE.replace("subject: x" if line.startswith("subject") else "body:\n    - VALUE", line)
    steps = "steps:\n  - send: {channel: email, template: odd, purpose: transactional}\n"
    problems = problems_of(HEAD + steps, **{"templates__odd.yaml": template})
    assert len(problems) == 1, problems
    assert advice in problems[0].help or advice in problems[0].message, problems[0]


@pytest.mark.parametrize(
    ("steps", "line", "column", "said"),
    [
        ("steps:\n  - wait: {until: '09:00'\n  - wait: 1d\n", 4, 11, "'{' is never closed"),
        ("exit: {event: order.paid\nsteps:\n  - wait: 1d\n", 3, 7, "'{' is never closed"),
        ("steps:\n  - wait_for: [{event: order.paid}, {timeout: 1d}\n  - wait: 1d\n", 4, 15, "'[' is never closed"),
        ("steps:\n  - send: {channel: email template: hello}\n", 4, 35, "a comma is missing before 'template'"),
        ("steps:\n  - send: {channel: email,\n      template: hello purpose: x}\n", 5, 30, "before 'purpose'"),
        ("steps:\n  wait: 1d\n  - wait: 2d\n", 5, 3, "each begins with '- ', also the one above"),
    ],
)
def test_what_is_forgotten_is_told_where_it_was_forgotten(steps: str, line: int, column: int, said: str) -> None:
    problems = problems_of(HEAD + steps, "hello")
    assert [(one.position.line, one.position.column) for one in problems] == [(line, column)], problems
    assert said in f"{problems[0].message} {problems[0].help}", problems[0]


def test_what_two_workflows_share_is_wrong_for_both() -> None:
    first, second = Problems(), Problems()
    for problems in (first, second):
        assert read_yaml("blocks/news.yaml", "entries: [", problems) is None
    assert first.found == second.found != []
    fixed = read_yaml("blocks/news.yaml", "entries: []", Problems())
    assert fixed is not None and fixed.plain() == {"entries": []}
