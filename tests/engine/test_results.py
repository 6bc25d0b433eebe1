"""Counts of results: the same whatever is delivered again or in pieces, and after the runs are gone."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeliveryOutcome
from relevo_contracts.payloads import Buyer, Money, OrderChanged
from relevo_contracts.sending import MessageChanged, MessageEngagement, SurveyAnswered
from relevo_engine.adapters import erasure, results
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.core.result_report import report
from relevo_engine.core.results import HOLDOUT, WAITS, Amount, Counted, CountKey, ResultChanges
from relevo_runtime.records import Record
from relevo_workflow import EventInput, Subject, handle, load_workflow
from tests.engine.conftest import CART, MORNING, Engine, Message, build_engine, checkout, deploy, event, order

OFFER = CART | {
    "workflow.yaml": """
workflow: offer
title: Offer
key: trigger.checkout_token
trigger: {event: checkout.started}
holdout: 30%
goal: {event: order.placed, within: 5d, where: event.checkout_token == trigger.checkout_token, value: event.total}
steps:
  - wait: 1h
  - split:
      - {name: a, weight: 1, steps: [{send: {channel: email, template: reminder, purpose: transactional}}]}
      - {name: b, weight: 1}
""",
}
PEOPLE = [f"cus_{n}" for n in range(1, 13)]


def _order(key: str, amount: str = "10.00") -> Event:
    payload = OrderChanged(customer=Buyer(), order_id=f"o-{key}", checkout_token=key, total=Money(amount, "EUR"))
    return event("order.placed", payload, event_id=f"o-{key}", key=key, at=MORNING + timedelta(hours=3))


async def _counts(engine: Engine, workflow: str = "offer") -> list[Counted]:
    async with engine.pool.acquire() as connection:
        return await results.read(connection, "sample", workflow, date(2026, 1, 1), date(2027, 1, 1))


def _sum(counts: list[Counted], measure: str, step: str = "") -> int:
    return sum(one.count for one in counts if one.measure == measure and step in {"", one.step})


def _about(event_type: str, payload: MessageChanged | MessageEngagement, key: str) -> Event:
    at = MORNING + timedelta(days=40)
    return event(event_type, payload, event_id=f"{event_type}-{payload.delivery_id}", key=key, at=at)


async def _whole(engine: Engine) -> None:
    """Everybody leaves a cart, is held out or gets an arm, and some order."""
    await deploy(engine.pool, OFFER)
    engine = await build_engine(engine.pool, engine.publisher)
    await engine.take(*(checkout(key, key=key) for key in PEOPLE))
    await engine.wake(after=timedelta(hours=1))
    await engine.take(*(_order(key) for key in PEOPLE[:6]))


async def test_counts_are_those_of_the_runs(engine: Engine) -> None:
    await _whole(engine)
    counts = await _counts(engine)
    rows = await engine.pool.fetch("select variant from engine.run where workflow = 'offer'")
    by_variant = {name: sum(row["variant"] == name for row in rows) for name in (HOLDOUT, "split-1/a", "split-1/b")}
    assert min(by_variant.values()) > 0
    shown = report(counts, "variant")
    assert {group.name: group.runs for group in shown.groups} | {HOLDOUT: by_variant[HOLDOUT]} == by_variant
    assert shown.holdout is not None
    assert (shown.total.runs, shown.holdout.holdout.runs) == (12 - by_variant[HOLDOUT], by_variant[HOLDOUT])
    assert shown.total.goals + shown.holdout.holdout.goals == 6
    money = [one for group in (shown.total, shown.holdout.holdout) for one in group.revenue]
    assert (sum(one.amount for one in money), sum(one.squares for one in money)) == (Decimal(60), Decimal(600))
    assert _sum(counts, "reached", "split-1") == 12 - by_variant[HOLDOUT]


async def test_what_became_of_messages_counts_for_the_runs_day_and_variant_also_when_they_are_over(
    engine: Engine,
) -> None:
    await _whole(engine)
    await engine.pool.execute(
        "update engine.run set state = null, ended_at = now(), end_reason = 'over' where workflow = 'offer'"
    )
    row = await engine.pool.fetchrow("select run_id, key from engine.run where variant = 'split-1/a' limit 1")
    assert row is not None
    run_id, key = row["run_id"], row["key"]
    delivery, at = f"{run_id}/send-reminder/3", MORNING + timedelta(days=40)
    sent = DeliveryOutcome(
        id="out-1", delivery_id=delivery, shop="sample", key=key, run_id=run_id, workflow="offer",
        step="send-reminder", channel="email", status="sent", at=at, detail={"cost": "0.0004 USD"},
    )  # fmt: skip
    seen = MessageEngagement(
        customer=Buyer(), delivery_id=delivery, run_id=run_id, workflow="offer", step="send-reminder"
    )
    scanned = MessageEngagement(
        customer=Buyer(), delivery_id=delivery, run_id=run_id, workflow="offer", step="send-reminder",
        action="clicked", machine="scanner",
    )  # fmt: skip
    changed = MessageChanged(customer=Buyer(), delivery_id=delivery)
    told: list[Message] = [
        sent, sent, _about("message.delivered", changed, key), _about("message.opened", seen, key),
        _about("message.clicked", seen, key), _about("message.scanned", scanned, key),
        _about("message.delivered", MessageChanged(customer=Buyer(), delivery_id="tasks/x/1/remind/email"), key),
    ]  # fmt: skip
    await engine.take(*told)
    await engine.take(*told)
    counts = [one for one in await _counts(engine) if one.detail == "email"]
    assert {one.measure: one.count for one in counts} == dict.fromkeys(
        ("sent", "cost", "delivered", "opened", "clicked", "clicked_by_machine"), 1
    )
    assert [(one.amount, one.currency) for one in counts if one.amount] == [(Decimal("0.0004"), "USD")]
    assert {(one.variant, one.day, one.step) for one in counts} == {("split-1/a", MORNING.date(), "send-reminder")}


SURVEY = """
questions:
  score: {type: rating, scale: nps}
  again: {type: yes_no}
  reasons: {type: choices, options: [product, delivery], optional: true}
  comment: {type: text, optional: true}
en:
  title: How was it?
  thanks: Thank you
  questions:
    score: {ask: How likely?}
    again: {ask: Again?, options: {"yes": "Yes", "no": "No"}}
    reasons: {ask: Why?, options: {product: The product, delivery: The delivery}}
    comment: {ask: What else?}
"""
SHOWN = "{{ text.heading }} {{ survey.question }} {{ survey.url }}"
ASKING = OFFER | {
    "layouts/message.mjml": f"<mjml><mj-body>{SHOWN}</mj-body></mjml>",
    "layouts/message.txt": SHOWN,
    "surveys/all-well.yaml": SURVEY,
    "templates/reminder.yaml": OFFER["templates/reminder.yaml"] + "survey: all-well\n",
}
answers = st.fixed_dictionaries(
    {"score": st.one_of(st.integers(-3, 12), st.just("many")), "again": st.booleans()},
    optional={
        "reasons": st.lists(st.sampled_from(["product", "delivery", "\0", "other"]), max_size=3),
        "comment": st.sampled_from(["10", "yes", "product"]),
        "gone": st.integers(0, 3),
    },
)


def _said(given: dict[str, Any], *, version: str, survey: str = "all-well") -> IncomingMessage:
    payload = SurveyAnswered(
        customer=Buyer(), survey=survey, delivery_id="run-1/send-reminder/3", run_id="run-1", workflow="offer",
        version=version, step="send-reminder",
    )  # fmt: skip
    happened = event("survey.answered", payload, event_id="s-1", at=MORNING)
    return _arrived(structs.replace(happened, data=happened.data | {"answers": given}))


def _arrived(happened: Event) -> IncomingMessage:
    record = Record(topic=topics.EVENTS, partition=0, offset=1, key=b"", value=msgspec.json.encode(happened))
    ((arrived,), _) = read([record])
    return arrived


@given(st.lists(answers, max_size=8))
def test_answers_are_counted_by_what_the_survey_offers_and_no_words_are(all_given: list[dict[str, Any]]) -> None:
    definition, changes = load_workflow(ASKING), ResultChanges()
    for given_ in all_given:
        arrived = _said(given_, version=definition.version)
        changes.happened(arrived, Subject(shop="sample", key="cus_1"), {}, lambda version, workflow: definition)
    by_detail = {(key.measure, key.detail): one for key, one in changes.counts.items()}
    scores = [one["score"] for one in all_given if isinstance(one["score"], int) and 0 <= one["score"] <= 10]
    chosen = [f"again/{'yes' if one['again'] else 'no'}" for one in all_given]
    chosen += [f"reasons/{name}" for one in all_given for name in {*one.get("reasons", [])} & {"product", "delivery"}]
    expected = Counter(("rated_nps", f"all-well/score/{one}") for one in scores)
    expected += Counter(("chosen", f"all-well/{one}") for one in chosen)
    expected += Counter({("answered", "all-well"): len(all_given)})
    assert {place: one.count for place, one in by_detail.items()} == expected
    assert sum(one.amount for one in by_detail.values()) == sum(scores)
    assert {key.run_id for key in changes.counts} <= {"run-1"}


def test_without_its_survey_an_answer_counts_alone() -> None:
    changes = ResultChanges()
    arrived = _said({"score": 9, "again": True}, version="gone", survey="gone")
    changes.happened(arrived, Subject(shop="sample", key="cus_1"), {}, lambda version, workflow: None)
    assert [(key.measure, key.detail) for key in changes.counts] == [("answered", "gone")]


WAITING = """
workflow: waiting
trigger: {event: checkout.started}
exit: [{event: order.placed, reason: bought}]
steps:
  - {id: form, wait_for: [{event: checkout.updated}, {timeout: 300d}]}
  - {id: later, wait: 300d}
"""
seconds = st.integers(0, 100 * 86_400)


@given(st.lists(st.tuples(seconds, seconds), min_size=1, max_size=8))
def test_waits_equal_a_recount_and_half_of_them_are_within_what_is_said(given_: list[tuple[int, int]]) -> None:
    definition, changes = load_workflow({"workflow.yaml": WAITING}), ResultChanges()
    for at_form, later in given_:
        subject, at = Subject(shop="sample", key="cus_1"), MORNING
        for kind, after in (("checkout.started", 0), ("checkout.updated", at_form), ("order.placed", later)):
            at += timedelta(seconds=after)
            made = order("c", at=at) if kind == "order.placed" else checkout("c", at=at)
            happened = structs.replace(made, type=kind, id=f"{kind}-{at}")
            handled = handle([definition], {definition.version: definition}, subject, EventInput(happened), at)
            for decision in handled.decisions:
                changes.follow(_arrived(happened), subject, decision, {definition.version: definition})
            subject = handled.subject
    steps = {one.name: one for one in report([_as_read(*one) for one in changes.counts.items()], "step").groups}
    for name, waits in (("form", [one for one, _ in given_]), ("later", [one for _, one in given_])):
        waiting = steps[name].waiting
        assert waiting is not None
        assert (waiting.times, round(waiting.mean * waiting.times)) == (len(waits), sum(waits))
        assert waiting.half_within is not None
        assert sum(one <= waiting.half_within for one in waits) >= len(waits) / 2
        shorter = max((one for one in WAITS if one < waiting.half_within), default=-1)
        assert sum(one <= shorter for one in waits) < len(waits) / 2
    assert (steps["later"].ends, steps["form"].ends) == ({"bought": len(given_)}, {})


def _as_read(key: CountKey, one: Amount) -> Counted:
    return Counted(
        version=key.version, variant=key.variant, day=key.day, step=key.step, measure=key.measure, detail=key.detail,
        currency=key.currency, count=one.count, amount=one.amount, squares=one.squares,
    )  # fmt: skip


async def test_a_run_that_is_gone_counts_where_the_message_says(engine: Engine) -> None:
    await _whole(engine)
    before = await _counts(engine)
    odd = MessageEngagement(customer=Buyer(), delivery_id="gone/x/1", run_id="gone", workflow="offer", version="v1")
    await engine.take(
        _about("message.opened", odd, "cus_1"),
        _about("message.delivered", MessageChanged(customer=Buyer(), delivery_id="gone/x/1"), "cus_1"),
        _about("message.clicked", MessageEngagement(customer=Buyer(), delivery_id="y", run_id="\0" * 9), "cus_1"),
    )
    new = [one for one in await _counts(engine) if one not in before]
    assert [(one.measure, one.version, one.variant) for one in new] == [("opened", "v1", "")]


async def test_the_counts_of_an_erased_shop_go(engine: Engine) -> None:
    await _whole(engine)
    async with engine.pool.acquire() as connection:
        await erasure.erase_rest(connection, "sample", MORNING)
    assert await _counts(engine) == []


HAPPENED = [*(checkout(key, key=key) for key in PEOPLE[:5]), *(_order(key) for key in PEOPLE[:3])]


@pytest.fixture
async def offering(engine: Engine) -> Engine:
    await deploy(engine.pool, OFFER)
    return await build_engine(engine.pool, engine.publisher)


@given(order=st.permutations(range(len(HAPPENED))), again=st.lists(st.integers(0, len(HAPPENED) - 1), max_size=4))
@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
async def test_counts_equal_a_recount_of_runs_and_decisions_for_any_order(offering, order, again) -> None:  # type: ignore[no-untyped-def]
    await offering.pool.execute(
        "truncate engine.customer, engine.run, engine.inbox, engine.decision, engine.outbox, engine.result,"
        " scheduler.timer"
    )
    # One partition for each person, so that transactions are side by side and rows have several writers.
    batch = [offering.records([HAPPENED[n]], int(HAPPENED[n].key[-1]))[0] for n in (*order, *again)]
    await offering.processor(batch[:6])
    await offering.processor(batch[4:])
    counts = await _counts(offering)
    runs = await offering.pool.fetch("select run_id from engine.run where workflow = 'offer'")
    decided = await offering.pool.fetch(
        "select path, reason from engine.decision where workflow = 'offer' and kind <> 'not_started'"
    )
    assert _sum(counts, "started") == len(runs)
    assert _sum(counts, "reached") == sum(label == "wait-1h" for row in decided for label in row["path"])
    goals = sum(row["reason"].startswith("the goal was reached") for row in decided)
    assert _sum(counts, "goal") == goals
    assert sum(one.amount for one in counts) == Decimal(10) * goals
