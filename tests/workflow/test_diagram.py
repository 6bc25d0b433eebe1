"""Diagrams: words for people, nothing upon anything else, nothing left out."""

import re
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from relevo_cli.commands.diagram import drawings
from relevo_workflow.compiler.load import load_workflow
from relevo_workflow.diagram.layout import Placed, lay_out
from relevo_workflow.diagram.mermaid import render_mermaid
from relevo_workflow.diagram.model import diagram_of
from relevo_workflow.diagram.svg import render_svg
from relevo_workflow.steps.words import condition_in_words, correlated, liquid_in_words
from tests.workflow.shop import a_workflow
from tests.workflow.test_library import LIBRARY, NAMES, workflow_files

EVERYTHING = """\
workflow: everything
title: Every <step> & more
trigger:
  - {event: order.placed, when: event.total.amount > 100.0}
  - {manual: }
exit: {event: order.cancelled, where: event.order_id == "o", reason: cancelled}
steps:
  - id: again
    wait: {until: mon 09:00, zone: shop}
  - wait: {until: 2026-12-24 09:00}
  - send: {channel: sms, template: sms-hello, purpose: transactional}
  - http: {url: "https://erp.example.com/{{ shop.id }}", as: erp}
  - task: {title: "Pack {{ customer.email }}", skill: warehouse, deadline: 1d12h}
  - approve: {title: Fine?, roles: [a, b], needed: 2, deadline: 2d, rejected: [{goto: again}]}
  - decide: {rules: [{otherwise: , set: {cost: 9}}], as: price}
  - set: {attributes: {tier: gold}, tags: {add: [vip], remove: [new]}}
  - emit: {event: quote.expired, data: {quote_id: q}}
  - start: {workflow: other}
  - split: [{name: a, weight: 1, steps: [{goto: again}]}, {name: b, weight: 3, steps: [{stop: enough}]}]
"""


def test_the_words_of_every_step() -> None:
    made = diagram_of(a_workflow(EVERYTHING, "sms-hello"))
    assert [box.text for box in made.boxes if box.kind != "end"] == [
        "starts with: order placed\nif total > 100\nstarts by hand",
        "waits until Monday 09:00 (shop's time)",
        "waits until 2026-12-24 09:00 (customer's time)",
        "sends SMS “sms-hello”\n(transactional)",
        "calls POST erp.example.com/[shop.id]",
        "asks warehouse: Pack [email]\n(within 1 day 12 hours)",
        "asks a and b to approve (2 have to agree): Fine?\n(within 2 days)",
        "finds cost in a table\nof 1 rule",
        "notes tier: gold\nadds the tag vip\nremoves the tag new",
        "reports: quote expired",
        "starts the workflow other",
        "shares out at random",
    ]
    assert made.anytime == ("order cancelled (order id is “o”) → ends: cancelled",)


def test_a_goto_is_an_arrow_and_each_way_has_its_words() -> None:
    made = diagram_of(a_workflow(EVERYTHING, "sms-hello"))
    arrows = {(arrow.source, arrow.label): arrow.target for arrow in made.arrows}
    assert arrows["approve-1", "rejected"] == "again"
    assert arrows["approve-1", "nobody within 2 days"] == "decide-1"
    assert arrows["split-1", "a (25 %)"] == "again"
    assert next(box.text for box in made.boxes if box.id == arrows["split-1", "b (75 %)"]) == "ends: enough"


def test_a_branch_asks_a_question_and_a_wait_leaves_out_what_is_the_same_anyway() -> None:
    flow = a_workflow("""
        workflow: flow
        trigger: {event: order.placed}
        steps:
          - branch: [{when: customer.orders_count == 0, steps: [{wait: 1d}]}]
          - wait_for:
              - event: shipment.delivered
                where: event.order_id == trigger.order_id
              - timeout: 2w
    """)
    made = diagram_of(flow)
    assert [box.text for box in made.boxes if box.kind == "choice"] == ["orders count is 0?"]
    labels = [arrow.label for arrow in made.arrows if arrow.label]
    assert labels == ["yes", "no", "shipment delivered", "nothing for 2 weeks"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ('customer.email != "" && event.total.amount >= 50.0', "email is given and total ≥ 50"),
        ("!has(event.completed_at) || run.erp.ok", "not completed or erp worked"),
        ("!run.stock.ok", "stock failed"),
        ('"loyal" in customer.segments', "customer is in segment “loyal”"),
        ("run.price.discount < 15", "price's discount < 15"),
        ("event.order_id != trigger.order_id", "another order id"),
        ("orders(days(60)).count >= 3", "number of orders in 60 days ≥ 3"),
        ('orders(days(9)).of_product("p-1").total > 5.0', "worth of orders of “p-1” in 9 days > 5"),
        ('orders(days(9)).of_category("shoes").count == 0', "number of orders of category “shoes” in 9 days is 0"),
        ("customer.last_order_at < now - days(30)", "last order more than 30 days ago"),
    ],
)
def test_conditions_in_words(condition: str, words: str) -> None:
    assert condition_in_words(condition) == words


def test_the_terms_that_only_correlate_are_left_out() -> None:
    assert correlated("event.order_id == trigger.order_id && event.total.amount > 1.0") == "total > 1"


def overlap(one: Placed, other: Placed) -> bool:
    across = abs(one.x - other.x) < (one.width + other.width) / 2 - 0.01
    return across and one.top < other.bottom - 0.01 and other.top < one.bottom - 0.01


@pytest.mark.parametrize("name", [*NAMES, "everything"])
def test_nothing_stands_upon_anything_else_and_every_arrow_leads_down(name: str) -> None:
    definition = a_workflow(EVERYTHING, "sms-hello") if name == "everything" else load_workflow(workflow_files(name))
    layout = lay_out(diagram_of(definition))
    nodes = list(layout.nodes.values())
    assert [(one.id, other.id) for one, other in combinations(nodes, 2) if overlap(one, other)] == []
    assert min(one.x - one.width / 2 for one in nodes) >= -0.01
    assert max(one.x + one.width / 2 for one in nodes) <= layout.width + 0.01
    for chain in layout.arrows:
        places = [layout.nodes[one] for one in chain]
        assert all(upper.bottom <= lower.top + 0.01 for upper, lower in pairwise(places))


def test_the_svg_is_xml_with_letters_large_enough_and_all_words() -> None:
    made = diagram_of(a_workflow(EVERYTHING, "sms-hello"))
    root = ET.fromstring(render_svg(made))
    sizes = [float(node.get("font-size", "13")) for node in root.iter()]
    assert min(sizes) >= 12
    words = " ".join(node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "Every <step> & more" in words
    assert all(word in words for box in made.boxes for word in box.text.split())


def test_a_step_that_starts_another_workflow_for_each_says_so() -> None:
    text = (
        "workflow: flow\ntrigger: {event: order.placed}\nsteps: [{start: {workflow: other, for_each: trigger.items}}]\n"
    )
    boxes = diagram_of(a_workflow(text)).boxes
    assert boxes[1].text == "starts the workflow other\nfor each of items"


def test_no_class_of_the_mermaid_text_is_a_word_of_mermaids_own() -> None:
    text = render_mermaid(diagram_of(a_workflow(EVERYTHING, "sms-hello")))
    classes = set(re.findall(r"(?::::|classDef )(\S+)", text))
    assert len(classes) == 8
    assert not classes & {"end", "call", "href", "click", "style", "class", "default", "graph", "subgraph"}


def test_the_mermaid_text_quotes_what_it_must() -> None:
    text = render_mermaid(diagram_of(a_workflow(EVERYTHING, "sms-hello")))
    assert text.startswith("flowchart TD\n")
    assert 'n0(["starts with: order placed<br>if total &gt; 100<br>starts by hand"]):::start' in text
    assert '-->|"nobody within 2 days"|' in text


@pytest.mark.parametrize("name", NAMES)
def test_the_library_is_drawn_as_it_is(name: str) -> None:
    folder: Path = LIBRARY / name
    stale = [file for file, text in drawings(folder).items() if (folder / file).read_text() != text]
    assert stale == [], "run `relevo diagram --write` and commit the result"


WHOLE = """\
workflow: flow
key: trigger.order_id
trigger: {event: order.placed}
exit: {event: order.cancelled, reason: cancelled}
goal: {event: order.placed, where: event.order_id != trigger.order_id, within: 60d, value: event.total}
reentry: REENTRY
holdout: 10%
enrol: {percent: 20, customers: [ana@example.com]}
window: {from: "09:00", until: "20:00", days: [mon, tue, wed, thu, fri], zone: shop}
steps:
  - task: {title: Pack, skill: warehouse, deadline: 3d, reminder: 1d, escalate: {after: 2d, skill: lead}}
"""


def test_what_holds_for_the_whole_is_told_in_sentences() -> None:
    made = diagram_of(a_workflow(WHOLE.replace("REENTRY", "never")))
    assert made.rules == (
        "One run for each order id, once and for all",
        "Sends from 09:00 to 20:00 (shop's time), Monday to Friday; outside of that it waits",
        "20 % of the customers and 1 named one take part",
        "10 % are held out: they get nothing, to compare with",
        "Goal: order placed (another order id) within 60 days of the start, worth its total",
    )
    task = next(box.text for box in made.boxes if box.kind == "staff")
    assert task == "asks warehouse: Pack\n(reminds after 1 day, goes to lead after 2 days, within 3 days)"
    for text in (render_mermaid(made), render_svg(made)):
        assert "once and for all" in text
        assert "order cancelled → ends: cancelled" in text


@pytest.mark.parametrize(
    ("reentry", "words"),
    [
        ("once_ended", "One run for each order id at a time, again when it has ended"),
        ("several", "Any number of runs for each order id, also at a time"),
        ("{after: 30d}", "One run for each order id, again 30 days after the last start at the soonest"),
    ],
)
def test_who_comes_in_again(reentry: str, words: str) -> None:
    assert diagram_of(a_workflow(WHOLE.replace("REENTRY", reentry))).rules[0] == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Pay {{ trigger.amount | money }}", "Pay [amount]"),
        ("{{ trigger.total.amount }} {{ customer.first_name | default: 'them' | upcase }}", "[total] [first name]"),
        ("a/{{ trigger.order_id }}/{{shop.id}}?x={{- run.erp.status -}}", "a/[order id]/[shop.id]?x=[erp's status]"),
        ("nothing", "nothing"),
    ],
)
def test_liquid_is_the_name_of_what_is_filled_in(text: str, words: str) -> None:
    assert liquid_in_words(text) == words
