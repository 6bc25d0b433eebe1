"""Each mistake that the language knows: its line, its column, its words, its help."""

import pytest

from relevo_workflow.compiler.load import version_of
from tests.workflow.shop import a_workflow, files, problems_of

HEAD = """\
workflow: flow
trigger: {event: checkout.started}
steps:
"""

MISTAKES = [
    # the steps, line, column, what is said, what would help
    ("  - wiat: 4h\n", 4, 5, "there is no step 'wiat'", "did you mean 'wait'?"),
    ("  - wait: soon\n", 4, 11, "'soon' is not a duration", "write it like 30m, 4h, 1d, 2w or 1d12h"),
    ("  - wait: {until: 09h}\n", 4, 21, "this is not a valid expression", ""),
    ("  - wait: {untill: mon 09:00}\n", 4, 12, "wait has no field 'untill'", "did you mean 'until'?"),
    ("  - wait: {until: mon 9am}\n", 4, 19, "'9am' is not a time of day", "mon 09:00"),
    ("  - wait: {until: mon 09:00, zone: Madrit}\n", 4, 36, "there is no time zone 'Madrit'", "Europe/Madrid"),
    ("  - wait: 4h\n    send: {}\n", 5, 5, "this step does two things", "begin another step"),
    ("  - {id: x}\n", 4, 5, "this step does nothing", ""),
    ("  - 4h\n", 4, 5, "a step must be a mapping", ""),
    ("  - {id: A B, wait: 1h}\n", 4, 10, "'A B' is not a valid step id", ""),
    ("  - {id: x, wait: 1h}\n  - {id: x, wait: 1h}\n", 5, 10, "the step id 'x' is used twice", ""),
    ("  - goto: away\n", 4, 11, "there is no step 'away'", ""),
    ("  - {id: home, wait: 1h}\n  - goto: hom\n", 5, 11, "there is no step 'hom'", "did you mean 'home'?"),
    (
        "  - send: {channel: email, template: remindr, purpose: marketing}\n",
        4,
        38,
        "there is no template 'remindr'",
        "reminder",
    ),
    (
        "  - send: {channel: sms, template: reminder, purpose: marketing}\n",
        4,
        36,
        "the template 'reminder' is for email",
        "",
    ),
    ("  - send: {channel: email, template: reminder}\n", 4, 11, "send needs 'purpose'", ""),
    (
        "  - send: {channel: fax, template: reminder, purpose: marketing}\n",
        4,
        21,
        "'channel' can't be 'fax'",
        "email, preferred, push, sms, whatsapp",
    ),
    (
        "  - send: {channel: email, template: reminder, purpose: marketing, subjct: x}\n",
        4,
        68,
        "send has no field 'subjct'",
        "",
    ),
    (
        "  - branch:\n      - when: trigger.totl.amount > 1.0\n        steps: []\n",
        5,
        23,
        "trigger has no field 'totl'",
        "did you mean 'total'?",
    ),
    (
        "  - branch:\n      - when: trigger.total.amount > 1\n        steps: []\n",
        5,
        36,
        "'>' can't be applied to double and int",
        "100.0",
    ),
    (
        "  - branch:\n      - when: trigger.total > 1.0\n        steps: []\n",
        5,
        29,
        "'>' can't be applied to Money and double",
        ".amount",
    ),
    (
        "  - branch:\n      - when: trigger.total.amount\n        steps: []\n",
        5,
        15,
        "this is a number with decimals",
        "",
    ),
    (
        "  - branch:\n      - when: event.total.amount > 1.0\n        steps: []\n",
        5,
        15,
        "there is no variable or function 'event'",
        "there is no event at hand here",
    ),
    (
        "  - branch:\n      - when: customer.orders > 1\n        steps: []\n",
        5,
        24,
        "customer has no field 'orders'",
        "orders_count",
    ),
    (
        "  - branch:\n      - when: customer.email == ana\n        steps: []\n",
        5,
        33,
        "there is no variable or function 'ana'",
        "quotes",
    ),
    ("  - branch:\n      - when: run.erp.ok\n        steps: []\n", 5, 19, "run has no field 'erp'", ""),
    ("  - branch:\n      - when: (true\n        steps: []\n", 5, 20, "this is not a valid expression", ""),
    (
        "  - branch:\n      - otherwise:\n        steps: []\n      - when: 'true'\n        steps: []\n",
        5,
        9,
        "'otherwise' must be the last arm",
        "",
    ),
    ("  - branch:\n      - steps: []\n", 5, 9, "an arm of branch needs either 'when' or 'otherwise'", ""),
    ("  - branch: {}\n", 4, 13, "branch must be a list", ""),
    ("  - wait_for:\n      - {event: order.placed}\n", 5, 7, "wait_for has no timeout", "timeout: 3d"),
    ("  - wait_for:\n      - {timeout: 3d}\n", 5, 7, "wait_for waits for no event", "wait: 3d"),
    (
        "  - wait_for:\n      - {event: order.palced}\n      - {timeout: 3d}\n",
        5,
        17,
        "there is no event 'order.palced'",
        "order.placed",
    ),
    (
        "  - wait_for:\n      - {event: order.placed, where: event.order == '1'}\n      - {timeout: 3d}\n",
        5,
        44,
        "event has no field 'order'",
        "order_id",
    ),
    ("  - split: [{name: a, steps: []}]\n", 4, 12, "split must be a list of at least two variants", ""),
    ("  - split: [{name: a, weight: 0, steps: []}, {name: b, weight: 0, steps: []}]\n", 4, 12, "can't all be 0", ""),
    ("  - http: {url: ftp://x}\n", 4, 17, "'url' must begin with https://", ""),
    ("  - http: {url: 'https://example.com/{{ trigger.tken }}'}\n", 4, 41, "trigger has no field 'tken'", ""),
    ("  - http: {url: https://example.com, body: {a: trigger.tken}}\n", 4, 56, "trigger has no field 'tken'", ""),
    ("  - http: {url: https://example.com, timeout: 5m}\n", 4, 47, "60 seconds at most", ""),
    (
        "  - emit: {event: quote.expired, data: {quote: trigger.checkout_token}}\n",
        4,
        41,
        "quote.expired has no field 'quote'",
        "quote_id",
    ),
    ("  - set: {attributes: {tier: gold.tier}}\n", 4, 30, "there is no variable or function 'gold", ""),
    ("  - approve: {title: x}\n", 4, 14, "approve needs 'deadline'", ""),
    ("  - task: {title: x, deadline: 1d, reminder: 2d}\n", 4, 46, "the reminder comes after the deadline", ""),
    ("  - task: {title: x, escalate: {after: 1d}}\n", 4, 32, "escalate needs 'skill' or 'roles'", ""),
    ("  - decide: {rules: [{when: 'true', set: {a: 1}}]}\n", 4, 13, "decide needs 'as'", ""),
    ("  - decide: {rules: [{set: {a: 1}}], as: x}\n", 4, 22, "a rule of decide needs either", ""),
    ("  - stop: enough\n  - wait: 1h\n", 5, 5, "no run can reach the step 'wait-1h'", ""),
    ("  - {id: a, wait: 1h}\n  - goto: c\n  - {id: b, wait: 1h}\n  - {id: c, wait: 1h}\n", 6, 5, "step 'b'", ""),
    ("  - {id: a, set: {tags: {add: x}}}\n  - goto: a\n", 4, 5, "go round for ever: a → goto-a → a", "put a wait"),
    ("  - stop:\n", 4, 5, "stop needs a reason", ""),
]


@pytest.mark.parametrize(("steps", "line", "column", "message", "advice"), MISTAKES)
def test_a_mistake_in_a_step(steps: str, line: int, column: int, message: str, advice: str) -> None:
    found = problems_of(HEAD + steps, "reminder")
    matching = [one for one in found if message in one.message]
    assert matching, [str(one) for one in found]
    position = matching[0].position
    assert (position.file, position.line, position.column) == ("workflow.yaml", line, column)
    assert advice in matching[0].help


HEADERS = [
    ("workflow: Flow\ntrigger: {event: order.placed}\nsteps: []\n", 1, 11, "'Flow' is not a valid name"),
    ("trigger: {event: order.placed}\nsteps: []\n", 1, 1, "a workflow needs 'workflow'"),
    ("workflow: flow\nsteps: []\n", 1, 1, "a workflow needs 'trigger'"),
    ("workflow: flow\ntrigger: {event: order.placed}\n", 1, 1, "a workflow needs 'steps'"),
    ("workflow: flow\ntriger: {event: order.placed}\nsteps: []\n", 2, 1, "a workflow has no field 'triger'"),
    ("workflow: flow\ntrigger: {event: order.palced}\nsteps: []\n", 2, 18, "there is no event 'order.palced'"),
    ("workflow: flow\ntrigger: {when: 'true'}\nsteps: []\n", 2, 10, "a trigger needs exactly one of"),
    ("workflow: flow\ntrigger: {date: birthday, offset: 3h}\nsteps: []\n", 2, 35, "must be whole days"),
    ("workflow: flow\ntrigger: {date: name_day}\nsteps: []\n", 2, 17, "is not a date of the customer"),
    ("workflow: flow\ntrigger: {schedule: {cron: daily}}\nsteps: []\n", 2, 28, "is not a valid cron rule"),
    ("workflow: flow\ntrigger: {segment: vip}\nsteps: []\n", 2, 20, "'segment' can't be 'vip'"),
    ("workflow: flow\ntrigger: {event: order.placed}\nkey: trigger.total\nsteps: []\n", 3, 6, "but text is needed"),
    ("workflow: flow\ntrigger: {event: order.placed}\nholdout: 200%\nsteps: []\n", 3, 10, "a percentage"),
    (
        "workflow: flow\ntrigger: {event: order.placed}\nreentry: sometimes\nsteps: []\n",
        3,
        10,
        "'reentry' can't be",
    ),
    (
        "workflow: flow\ntrigger: {event: order.placed}\ngoal: {event: order.paid}\nsteps: []\n",
        3,
        7,
        "goal needs 'within'",
    ),
    (
        "workflow: flow\ntrigger: {event: order.placed}\nwindow: {days: [funday]}\nsteps: []\n",
        3,
        16,
        "is not a weekday",
    ),
    (
        "workflow: flow\ntrigger: {event: order.placed}\nexit: {event: order.paid, where: event.id}\nsteps: []\n",
        3,
        34,
        "this is text, but a condition",
    ),
    ("workflow: flow\ntrigger: {event: order.placed}\nchange: now\nsteps: []\n", 3, 9, "'change' can't be 'now'"),
    ("workflow: flow\nworkflow: flow\ntrigger: {event: order.placed}\nsteps: []\n", 2, 1, "'workflow' is here twice"),
    ("workflow: [flow\n", 2, 1, "this is not valid YAML"),
    ("", 1, 1, "the file is empty"),
    ("- a\n", 1, 1, "a workflow must be a mapping"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), HEADERS)
def test_a_mistake_in_the_header(text: str, line: int, column: int, message: str) -> None:
    found = problems_of(text)
    matching = [one for one in found if message in one.message]
    assert matching, [str(one) for one in found]
    assert (matching[0].position.line, matching[0].position.column) == (line, column)


TEMPLATES = [
    ("en: {subject: a, body: [b]}\n", 1, 1, "a template needs 'channel'"),
    ("channel: email\nlayout: mesage\nen: {subject: a, body: [b]}\n", 2, 9, "there is no layout 'mesage'"),
    ("channel: email\nlayout: message\nen: {body: [b]}\n", 3, 5, "the texts in 'en' need 'subject'"),
    ("channel: email\nlayout: message\n", 1, 1, "at least one language"),
    (
        "channel: email\nlayout: message\nen: {subject: '{{ trigger.totl }}', body: [b]}\n",
        3,
        19,
        "trigger has no field 'totl'",
    ),
    (
        "channel: email\nlayout: message\nen: {subject: '{{ order.id }}', body: [b]}\n",
        3,
        19,
        "there is no variable 'order'",
    ),
    ("channel: email\nlayout: message\nen: {subject: '{{ x', body: [b]}\n", 3, 16, "this is not Liquid"),
    ("channel: email\nlayout: message\nitems: trigger.total\nen: {subject: a, body: [b]}\n", 3, 8, "is not a list"),
    ("channel: email\nlayout: message\ntotal: trigger.items\nen: {subject: a, body: [b]}\n", 3, 8, "is not an amount"),
    ("channel: email\nlayout: message\nen: {subject: a, body: [b], sbject: c}\n", 3, 29, "have no field 'sbject'"),
]


@pytest.mark.parametrize(("template", "line", "column", "message"), TEMPLATES)
def test_a_mistake_in_a_template(template: str, line: int, column: int, message: str) -> None:
    text = HEAD + "  - send: {channel: email, template: odd, purpose: marketing}\n"
    found = problems_of(text, **{"templates__odd.yaml": template})
    matching = [one for one in found if message in one.message]
    assert matching, [str(one) for one in found]
    where = matching[0].position
    assert (where.file, where.line, where.column) == ("templates/odd.yaml", line, column)


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    found = problems_of(HEAD + "  - wiat: 4h\n  - wait: soon\n  - goto: away\n")
    assert [one.position.line for one in found] == [4, 5, 6]


def test_with_several_triggers_an_expression_must_fit_each() -> None:
    found = problems_of(
        """
        workflow: flow
        trigger: [{event: checkout.started}, {event: order.placed}]
        steps:
          - branch:
              - when: trigger.order_id == ""
                steps: []
        """
    )
    assert "trigger has no field 'order_id' (when checkout.started started the run)" in [one.message for one in found]


def test_a_message_names_its_place_and_its_help() -> None:
    (found,) = problems_of(HEAD + "  - wiat: 4h\n")
    assert str(found) == "workflow.yaml:4:5: error: there is no step 'wiat' (help: did you mean 'wait'?)"


def test_an_unused_template_and_a_language_that_lacks_a_text_are_warnings() -> None:
    flow = a_workflow(
        HEAD + "  - wait: 1h\n",
        **{
            "templates__odd.yaml": """
            channel: email
            layout: message
            en: {subject: a, body: [b], note: c}
            es: {subject: a, body: [b]}
            """
        },
    )
    assert [one.message for one in flow.warnings] == ["no step sends 'odd'", "'es' has no 'note', and en has it"]


class TestVersions:
    def test_the_version_is_the_content(self) -> None:
        one, two = files(HEAD + "  - wait: 1h\n"), files(HEAD + "  - wait: 2h\n")
        assert version_of(one) == version_of(dict(reversed(one.items()))) != version_of(two)

    def test_tests_and_what_a_deployment_adds_do_not_change_it(self) -> None:
        text = files(HEAD + "  - wait: 1h\n")
        assert version_of({**text, "tests/a.yaml": "", "compiled/templates.json": "{}"}) == version_of(text)


class TestStepIds:
    def test_they_are_readable_and_stay_when_others_come(self) -> None:
        steps = "  - wait: 4h\n  - send: {channel: email, template: reminder, purpose: marketing}\n  - wait: 1d\n"
        before = a_workflow(HEAD + steps, "reminder")
        after = a_workflow(HEAD + "  - wait: 30m\n" + steps, "reminder")
        assert list(before.program.steps) == ["wait-4h", "send-reminder", "wait-1d"]
        assert set(before.program.steps) < set(after.program.steps)

    def test_the_same_again_gets_a_number(self) -> None:
        flow = a_workflow(HEAD + "  - wait: 4h\n  - wait: 4h\n")
        assert list(flow.program.steps) == ["wait-4h", "wait-4h-2"]


def test_a_file_of_aliases_without_end_is_refused() -> None:
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for one, other in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{one}: &{one} [{', '.join(['*' + other] * 10)}]\n"
    (found,) = problems_of(bomb)
    assert "more than 50000 values, with its aliases written out" in found.message
    assert "its aliases" in problems_of("a: &a [*a]")[0].message


@pytest.mark.parametrize(
    ("lines", "advice"),
    [
        ("trigger: {event: order.created}\nsteps: [{wait: 1d}]\n", "order.paid, order.placed"),
        ("trigger: {event: order.cancled}\nsteps: [{wait: 1d}]\n", "did you mean 'order.cancelled'?"),
        ("trigger: order.placed\nsteps: [{wait: 1d}]\n", "trigger: {event: order.placed}"),
        (
            "trigger: {event: order.placed}\nexit: {event: order.cancelled, where: event.order_id == order_id}\n"
            "steps: [{wait: 1d}]\n",
            "did you mean 'event.order_id' or 'trigger.order_id'?",
        ),
        ("trigger: {event: order.placed, when: orders_count > 1}\nsteps: [{wait: 1d}]\n", "'customer.orders_count'"),
        (
            "trigger: {event: order.placed, when: orders(days(9)).category('x').count > 1}\nsteps: [{wait: 1d}]\n",
            "did you mean 'of_category'?",
        ),
        ("trigger: {event: order.placed}\nsteps: [{wait: {until: 24.12.2026 09:00}}]\n", "2026-12-24 09:00"),
        ("trigger: {event: order.placed}\nsteps: [{wait: {until: 24/12/2026}}]\n", "2026-12-24 09:00"),
        (
            "trigger: {event: order.placed}\nsteps: [{set: {tags: [vip]}}, {wait: 1d}]\n",
            "tags: {add: [vip], remove: [new]}",
        ),
        ("trigger: {event: order.placed}\nsteps: [{wait_for: {event: order.paid, timeout: 1d}}]\n", "'- timeout: 3d'"),
        ("trigger: {event: order.placed}\nsteps: [{branch: {when: 'true', steps: [{wait: 1d}]}}]\n", "'- otherwise:'"),
        ("trigger: {event: order.placed}\nsteps: [{split: {a: 50%, b: 50%}}]\n", "{name: a, weight: 50"),
        ("trigger: {event: order.placed}\nsteps: [{split: [{name: a, weight: 50%}, {name: b}]}]\n", "write weight: 50"),
        (
            "trigger: {event: order.placed}\nsteps: [{task: {title: '{{ order_id }}'}}]\n",
            "did you mean 'trigger.order_id'?",
        ),
        ("trigger: {event: order.placed}\nsteps: [{task: {title: '{{ event.order_id }}'}}]\n", "the run is 'trigger'"),
        ("trigger: {event: order.placed}\nsteps: [{task: {title: '{% if a && b %}x{% endif %}'}}]\n", "written 'and'"),
        ("trigger: {event: order.placed}\nsteps: [{task: {title: '{{ trigger.weight_kg * 2 }}'}}]\n", "times: 2"),
    ],
)
def test_a_beginner_is_told_what_to_write_instead(lines: str, advice: str) -> None:
    problems = problems_of("workflow: one\n" + lines)
    assert any(advice in one.help for one in problems), problems


@pytest.mark.parametrize(
    ("head", "advice"),
    [
        ("channel: email\nlayout: message\n", "en: {subject: …, body: …}"),
        ("channel: push\n", "en: {title: …, text: …}"),
        ("channel: sms\n", "en: {text: …}"),
    ],
)
def test_what_a_template_without_texts_needs_is_told_by_its_channel(head: str, advice: str) -> None:
    text = HEAD + "  - send: {channel: email, template: odd, purpose: marketing}\n"
    found = problems_of(text, **{"templates__odd.yaml": head})
    assert [one.help for one in found if "at least one language" in one.message] == [advice]
