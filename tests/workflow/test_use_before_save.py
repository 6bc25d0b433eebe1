"""What steps read of `run` must have been saved on every way to them, or be asked for; and other slips around `as`."""

import pytest

from tests.workflow.test_lints import found, said

ORDER = """\
trigger: {event: order.placed}
steps:
  - wait_for:
      - {event: order.paid, as: paid}
      - {timeout: 1d}
"""


def warned(step: str, before: str = ORDER) -> list[str]:
    return [str(one) for one in found(f"{before}  - {step}\n") if "no step has saved" in one.message]


@pytest.mark.parametrize(
    ("step", "column"),
    [
        ("branch: [{when: run.paid.total.amount > 5.0, steps: [{wait: 1h}]}]", 21),
        ("branch: [{when: true && run.paid.number == 'a', steps: [{wait: 1h}]}]", 29),
        ("decide: {rules: [{otherwise: , set: {number: run.paid.number}}], as: paid2}", 50),
        ("decide: {rules: [{when: run.paid.number == 'a', set: {number: 1}}], as: paid2}", 29),
        ("set: {attributes: {number: run.paid.number}}", 32),
        ('set: {tags: {add: ["{{ run.paid.number }}"]}}', 28),
        ("emit: {event: quote.expired, data: {quote_id: run.paid.order_id}}", 51),
        ("start: {workflow: other, for_each: run.paid.items}", 40),
        ("start: {workflow: other, data: {order: run.paid.order_id}}", 44),
        ("http: {url: 'https://erp.example.com/{{ run.paid.order_id }}'}", 45),
        ("http: {url: https://erp.example.com/, headers: {X-Order: '{{ run.paid.order_id }}'}}", 66),
        ("http: {url: https://erp.example.com/, body: {order: [run.paid.order_id]}}", 58),
        ("task: {title: 'Pack {{ run.paid.order_id }}', deadline: 1d}", 28),
        ("approve: {title: 'Pay {{ run.paid.order_id }}', roles: [a], deadline: 1d}", 30),
        ("wait_for: [{event: order.cancelled, where: event.order_id == run.paid.order_id}, {timeout: 1d}]", 66),
    ],
)
def test_what_a_step_reads_and_no_step_has_saved_on_some_way(step: str, column: int) -> None:
    (text,) = warned(step)
    kind = step.partition(":")[0]
    assert text.startswith(f"workflow.yaml:7:{column}: warning: on some path to '{kind.replace('_', '-')}")
    assert "no step has saved run.paid: it is empty there (help: save it before, or ask: has(run.paid))" in text


@pytest.mark.parametrize(
    "step",
    [
        "branch: [{when: has(run.paid) && run.paid.total.amount > 5.0, steps: [{wait: 1h}]}]",
        "branch: [{when: run.paid.total != null && run.paid.total.amount > 5.0, steps: [{wait: 1h}]}]",
        'set: {attributes: {number: \'run.paid.number == "" ? "none" : run.paid.number\'}}',
        "decide: {rules: [{when: has(run.paid), set: {id: run.paid.order_id}}, {otherwise: , set: {id: a}}], as: it}",
        "branch: [{when: '!has(run.paid)', steps: [{stop: late}]}]\n  - set: {attributes: {number: run.paid.number}}",
        "task: {title: '{% if run.paid %}{{ run.paid.order_id }}{% endif %}', deadline: 1d}",
        "task: {title: '{{ run.paid.order_id | default: \"none\" }}', deadline: 1d}",
        "set: {attributes: {key: run.key, since: string(run.started_at), held: run.holdout}}",
        "http: {url: https://erp.example.com/run.paid}",
        "task: {title: Look at run.paid, deadline: 1d}",
        "branch: [{when: trigger.number == 'run.paid.number', steps: [{wait: 1h}]}]",
    ],
)
def test_what_asks_for_it_or_only_looks_like_it_is_left_alone(step: str) -> None:
    assert warned(step) == []


def test_what_every_way_saves_is_there() -> None:
    both = ORDER.replace("{timeout: 1d}", "{timeout: 1d, steps: [{http: {url: https://a.example.com, as: paid}}]}")
    assert warned("branch: [{when: has(run.paid), steps: [{wait: 1h}]}]", both) == []
    alone = "trigger: {event: order.placed}\nsteps:\n  - http: {url: https://a.example.com, as: erp}\n"
    assert warned("branch: [{when: run.erp.ok, steps: [{wait: 1h}]}]", alone) == []


def test_each_step_is_asked_for_itself() -> None:
    arm = "{when: run.paid.number == 'a', steps: [{set: {attributes: {number: run.paid.number}}}]}"
    assert len(warned(f"branch: [{arm}, {arm}]")) == 3


def test_a_table_that_nothing_reads_is_left_out_as_a_whole() -> None:
    text = "trigger: {event: order.placed}\nsteps:\n  - decide: {rules: [{otherwise: , set: {a: 1}}], as: offer}\n"
    assert said(text) == [
        "workflow.yaml:4:55: warning: nothing reads run.offer (help: read it, or leave the table out)"
    ]


def test_an_approval_by_anybody() -> None:
    text = "trigger: {event: order.placed}\nsteps:\n  - approve: {title: Pay, deadline: 1d}\n"
    assert said(text) == [
        "workflow.yaml:4:14: warning: anybody of the staff may decide 'approve-1'"
        " (help: roles: [finance], whoever may decide it)"
    ]


def test_an_amount_of_money_where_something_else_is_needed() -> None:
    text = "trigger: {event: order.placed, when: event.total}\nsteps: [{wait: 1d}]\n"
    assert said(text) == [
        "workflow.yaml:2:38: error: this is an amount of money, but a condition (true or false) is needed here"
    ]
    text = "trigger: {event: order.placed}\nkey: trigger.customer\nsteps: [{wait: 1d}]\n"
    assert "this is a record, but text is needed here" in said(text)[0]


def test_merge_keys_are_refused() -> None:
    text = "trigger: &on {event: order.placed}\nrestart:\n  <<: *on\n  event: order.paid\nsteps: [{wait: 1d}]\n"
    merge = "merge keys ('<<') are not part of YAML 1.2 (help: write the fields here too)"
    assert said(text) == [f"workflow.yaml:4:3: error: {merge}"]
