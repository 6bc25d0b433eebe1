"""A field whose values are known, compared with a text that it can never have: the line, the word that was meant."""

import pytest

from relevo_workflow.compiler.load import diagnose
from tests.workflow.shop import files

CONSENT = "it can be granted, pending, unknown, withdrawn"


def warnings(condition: str, trigger: str = "order.placed", before: str = "", **more: str) -> list[str]:
    text = f"""\
workflow: flow
trigger: {{event: {trigger}}}
steps:
{before}
  - branch:
      - when: '{condition}'
        steps: [{{stop: there}}]
"""
    found = diagnose(files(text, **more))[1]
    assert [one for one in found if one.severity == "error"] == []
    return [f"{one.position.line}:{one.position.column} {one.message} ({one.help})" for one in found]


NEVER = [
    (
        'customer.email_consent == "yes"',
        f"6:43 customer.email_consent is never 'yes': this is always false ({CONSENT})",
    ),
    (
        'customer.sms_consent != "grantd"',
        f"6:41 customer.sms_consent is never 'grantd': this is always true (did you mean 'granted'? {CONSENT})",
    ),
    (
        '"GRANTED" == customer.email_consent && customer.orders_count > 0',
        f"6:17 customer.email_consent is never 'GRANTED': this is always false (did you mean 'granted'? {CONSENT})",
    ),
    (
        'customer.email_consent in ["granted", "subscribed"]',
        f"6:55 customer.email_consent is never 'subscribed' ({CONSENT})",
    ),
    (
        'customer.email_consent == ""',
        f"6:43 customer.email_consent is never '': this is always false ({CONSENT})",
    ),
    (
        'trigger.type == "order.payed"',
        "6:33 trigger.type is never 'order.payed': this is always false "
        "(did you mean 'order.placed'? it can be order.placed)",
    ),
    (
        'customer.orders_count > 3 ? "no" == customer.email_consent : false',
        f"6:45 customer.email_consent is never 'no': this is always false ({CONSENT})",
    ),
]


@pytest.mark.parametrize(("condition", "warning"), NEVER)
def test_a_text_that_the_field_can_never_be(condition: str, warning: str) -> None:
    assert warnings(condition) == [warning]


@pytest.mark.parametrize(
    "condition",
    [
        'customer.email_consent == "granted"',
        'customer.email_consent in ["granted", "pending"]',
        'customer.email_consent + "!" == "yes!"',
        'customer.email_consent.upperAscii() == "GRANTED"',
        'customer.email_consent == "gran" + "ted"',
        'customer.group == "yes"',
        'customer.attributes.state == "yes"',
        '"vip" in customer.tags',
        'trigger.type in ["order.placed"]',
    ],
)
def test_what_may_be_is_not_told(condition: str) -> None:
    assert warnings(condition) == []


TEXTS = [
    ("{% if customer.email_consent == 'yes' %}a{% endif %}", "customer.email_consent is never 'yes': this is always f"),
    (
        "{% if customer.orders_count > 1 and 'no' != customer.sms_consent %}a{% endif %}",
        "is never 'no': this is always",
    ),
    ("{% case customer.email_consent %}{% when 'granted', 'yes' %}a{% endcase %}", "is never 'yes' ("),
    ("{% unless customer.email_consent == 'yes' %}a{% endunless %}", "customer.email_consent is never 'yes'"),
    ("{% if true %}{% if 'yes' == customer.email_consent %}a{% endif %}{% endif %}", "is never 'yes'"),
]


@pytest.mark.parametrize(("text", "message"), TEXTS)
def test_texts_ask_for_what_can_be_too(text: str, message: str) -> None:
    (one,) = [one for one in in_text(text) if "is never" in one]
    assert message in one
    assert one.startswith(f"2:{13 + text.index(message.split(chr(39))[1])} ")
    assert in_text(text.replace("yes", "granted").replace("'no'", "'withdrawn'")) == []


def in_text(text: str) -> list[str]:
    steps = "steps: [{send: {channel: sms, template: sms-a, purpose: transactional}}]"
    template = f'channel: sms\nen: {{text: "{text}"}}\n'
    found = diagnose(
        files(f"workflow: flow\ntrigger: {{event: order.placed}}\n{steps}\n", **{"templates__sms-a.yaml": template})
    )[1]
    assert [one for one in found if one.severity == "error"] == []
    return [f"{one.position.line}:{one.position.column} {one.message} ({one.help})" for one in found]


def test_with_several_triggers_a_text_that_one_of_them_can_have_is_fine() -> None:
    assert warnings('trigger.type == "order.paid"', "[order.placed, order.paid]") == []
    (one,) = warnings('trigger.type == "order.cancelled"', "[order.placed, order.paid]")
    assert one.endswith("(it can be order.paid, order.placed)")


TASK = "  - task: {title: Call, skill: phone, deadline: 2d, as: call}"
APPROVAL = "  - approve: {title: Call, roles: [lead], deadline: 2d, as: call}"


def test_the_outcomes_of_the_staff_are_known() -> None:
    assert warnings('run.call.status == "completed"', before=TASK) == []
    (task,) = warnings('run.call.status == "approved"', before=TASK)
    assert task.endswith("run.call.status is never 'approved': this is always false (it can be completed, expired)")
    assert warnings('run.call.status == "approved"', before=APPROVAL) == []
    (approval,) = warnings('run.call.status == "complete"', before=APPROVAL)
    assert "run.call.status is never 'complete'" in approval
    assert warnings('run.call.status == "approved"', before=f"{APPROVAL}\n{TASK}") == []


def test_an_outcome_that_is_not_there_yet_is_empty() -> None:
    assert warnings('run.call.status == ""', before=TASK) == []


def test_the_words_of_a_table_are_known() -> None:
    rules = "{when: trigger.total.amount > 10.0, set: {tier: gold}}, {otherwise: , set: {tier: free}}"
    table = f"  - decide: {{rules: [{rules}], as: call}}"
    assert warnings('run.call.tier == "free"', before=table) == []
    (one,) = warnings('run.call.tier == "golden"', before=table)
    assert one.endswith("is never 'golden': this is always false (did you mean 'gold'? it can be free, gold)")
    open_table = table.replace("tier: free", "tier: customer.group")
    assert warnings('run.call.tier == "golden"', before=open_table) == []


def test_the_values_that_an_own_event_lists_are_known() -> None:
    declared = '{"type": "object", "properties": {"level": {"type": "string", "enum": ["gold", "silver"]}}}'
    own = {"events__custom.level_reached.json": declared}
    assert warnings('trigger.level == "gold"', "custom.level_reached", **own) == []
    (one,) = warnings('trigger.level == "glod"', "custom.level_reached", **own)
    assert one.endswith("(did you mean 'gold'? it can be gold, silver)")
