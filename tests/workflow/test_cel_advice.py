"""Conditions as people write them who think in another language: what is said, and what would help."""

import pytest

from tests.workflow.shop import problems_of

FLOW = """
workflow: flow
key: trigger.order_id
trigger: {event: order.placed}
steps:
  - branch:
      - when: CONDITION
        steps: [{set: {tags: {add: [x]}}}]
"""


@pytest.mark.parametrize(
    ("condition", "advice"),
    [
        ('customer.tags.contains("vip")', '"x" in customer.tags'),
        ('trigger.items.contains("x")', '.exists(one, one.title == "x")'),
        ('customer.tags == "vip"', '"x" in customer.tags'),
        ('customer.tags.startsWith("v")', '"x" in customer.tags'),
        ('customer.tags.matches("v")', "exists(one"),
        ('"vip" in customer.email', 'customer.email.contains("x")'),
        ('"vip" not in customer.tags', '!("x" in customer.tags)'),
        ('customer.tags has "vip"', '"x" in customer.tags'),
        ('customer.tags.exists("vip")', 'exists(one, one == "x")'),
        ('customer.email contains "x"', 'customer.email.contains("x")'),
        ('contains(customer.email, "x")', 'customer.email.contains("x")'),
        ('customer.email.includes("x")', 'customer.email.contains("x")'),
        ('customer.email like "x"', 'customer.email.contains("x")'),
        ('customer.last_order_at > "2026-01-01"', 'timestamp("2026-03-01T00:00:00Z")'),
        ('trigger.placed_at <= "2026-01-01"', "now - days(30)"),
        ("customer.birthday > now", "timestamp("),
        ("customer.last_order_at > now - 30", "days(30)"),
        ('customer.last_order_at > now - "30d"', "days(30)"),
        ("customer.last_order_at > now - 30d", "days(30)"),
        ("customer.last_order_at > now - 2 weeks", "days(14)"),
        ("customer.last_order_at > now - 36h", 'duration("36h")'),
        ("customer.last_order_at > now - 90min", 'duration("90m")'),
        ('customer.last_order_at > now - duration("30d")', "days(30)"),
        ("now - customer.last_order_at > 30", "days(30)"),
        ('now - customer.last_order_at > "30d"', "days(30)"),
        ('days("30") > duration("1h")', "days(30)"),
        ("now.hour > 3", "getHours"),
        ("today > now", "the time of the decision is 'now'"),
        ("customer.orders_count = 3", "'=='"),
        ('customer.email === ""', "'=='"),
        ('customer.email <> ""', "'!='"),
        ('customer.orders_count > 1 and customer.email != ""', "'&&'"),
        ('customer.orders_count > 1 AND customer.email != ""', "'&&'"),
        ('customer.orders_count > 1 & customer.email != ""', "'&&'"),
        ('customer.orders_count > 1 or customer.email != ""', "'||'"),
        ('not customer.email == ""', "'!'"),
        ('customer.email != "" && not customer.orders_count > 1', "'!'"),
        ("customer.email is null", "has(…)"),
        ("customer.email == None", "has(…)"),
        ("customer.email == nil", "has(…)"),
        ("true == True", "write true"),
        ('"true" == true', "without quotes"),
        ("customer.email == “x”", "straight"),
        ("if(customer.orders_count > 1, true, false)", "condition ? one : other"),
        ("customer.email.length > 3", "size("),
        ("customer.tags.size > 3", "size("),
        ("len(customer.tags) > 1", "size("),
        ('customer.email.lower() == "x"', "lowerAscii"),
        ('customer.email.starts_with("x")', "startsWith"),
        ("customer.orders_count between 1 and 3", "x >= 1 && x <= 3"),
        ("customer.total_spent > 100", "100.0"),
        ("customer.total_spent > 100,5", "100.5"),
        ("trigger.total > 100.0", ".amount"),
        ('customer.orders_count > "3"', "double(…)"),
        ('{{ customer.email }} == "x"', "without {{ }}"),
        ('customer.email != ""  # a comment', "comment"),
        ("customer.orders_cout > 1", "orders_count"),
    ],
)
def test_what_is_refused_comes_once_with_what_would_help(condition: str, advice: str) -> None:
    quoted = "'" + condition.replace("'", "''") + "'"
    problems = problems_of(FLOW.replace("CONDITION", quoted))
    assert len(problems) == 1, problems
    assert advice in problems[0].help, problems[0]


@pytest.mark.parametrize("length", ['duration("36h")', "duration('1h30m')", 'duration("-2s")', 'duration("500ms")'])
def test_lengths_that_cel_knows_are_left_alone(length: str) -> None:
    quoted = "'" + f"now - trigger.time > {length}".replace("'", "''") + "'"
    assert problems_of(FLOW.replace("CONDITION", quoted)) == []
