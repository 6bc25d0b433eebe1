"""Two customers turn out to be one: facts, runs and what is on its way go on with the one that was kept."""

from datetime import timedelta

import msgspec
import pytest

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.messages import SendDelivery, WakeUp
from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerMerged, PrivacyRequested
from relevo_engine.adapters import privacy
from relevo_workflow import Facts
from tests.engine.conftest import CART, MORNING, Engine, checkout, deploy, event, order, wakeup
from tests.engine.test_erasure import everything_in_postgres, rows_of
from tests.engine.test_tasks import PACK

HOUR = timedelta(hours=1)
WELCOME = {
    **CART,
    "workflow.yaml": """
workflow: hello
title: Hello
change: ad-hoc
trigger: {event: consent.changed}
steps:
  - wait: 1d
  - send: {channel: email, template: reminder, purpose: marketing}
""",
}


def merge(*keys: str, kept: str = "cus_1", at: timedelta = HOUR) -> Event:
    payload = CustomerMerged(customer=Buyer(id=kept), merged_keys=list(keys))
    return event("customer.merged", payload, event_id=f"merge-{kept}-{keys}", key=kept, at=MORNING + at)


def agreed(key: str) -> Event:
    payload = ConsentChanged(customer=Buyer(id=key, email=f"{key}@example.com"), channel="email", state="granted")
    return event("consent.changed", payload, event_id=f"agreed-{key}", key=key)


async def facts(engine: Engine) -> dict[str, Facts]:
    rows = await engine.pool.fetch("select key, facts::text as facts from engine.customer")
    return {row["key"]: msgspec.json.decode(row["facts"], type=Facts) for row in rows}


async def sent(engine: Engine) -> list[SendDelivery]:
    rows = await engine.pool.fetch("select value from engine.outbox where topic = $1 order by id", topics.DELIVERIES)
    return [msgspec.json.decode(row["value"], type=SendDelivery) for row in rows]


@pytest.mark.parametrize("together", [True, False])
async def test_the_facts_are_joined_and_the_kept_customers_are_right(engine: Engine, together: bool) -> None:
    before = [agreed("cus_1"), agreed("cus_2"), order("a"), order("b", key="cus_2")]
    for batch in [[*before, merge("cus_2", at=2 * HOUR)]] if together else [before, [merge("cus_2", at=2 * HOUR)]]:
        await engine.take(*batch)
    known = await facts(engine)
    assert list(known) == ["cus_1"]
    contact = known["cus_1"].contact
    assert (contact.email, contact.email_consent.state) == ("cus_1@example.com", "granted")
    assert contact.consents["email:cus_2@example.com"].state == "granted"
    assert known["cus_1"].orders_count == 2


async def test_a_run_goes_on_and_its_timer_wakes_the_kept_customer(engine: Engine) -> None:
    await engine.take(checkout("tok", key="cus_2"))
    await engine.take(merge("cus_2"))
    assert [row["key"] for row in await engine.pool.fetch("select key from scheduler.timer")] == ["cus_1"]
    await engine.wake(after=4 * HOUR)
    [delivery] = await sent(engine)
    assert (delivery.key, delivery.recipient.email) == ("cus_1", "cus_2@example.com")


async def test_an_event_of_the_kept_customer_ends_a_run_of_the_merged_one(engine: Engine) -> None:
    await engine.take(checkout("tok", key="cus_2"))
    await engine.take(merge("cus_2"), order("tok", at=MORNING + 2 * HOUR))
    assert [reason for *_, reason, _ in (await engine.state())["runs"]] == ["bought"]


@pytest.mark.parametrize("together", [True, False])
async def test_what_still_comes_for_the_merged_key_reaches_the_kept_customer(engine: Engine, together: bool) -> None:
    await engine.take(checkout("tok", key="cus_2"))
    [armed] = await engine.pool.fetch("select * from scheduler.timer")
    late: list[Event | WakeUp] = [wakeup(armed), order("late", key="cus_2", at=MORNING + 6 * HOUR)]
    engine.clock.advance(5 * HOUR)
    if together:
        await engine.take(merge("cus_2"), *late)
    else:
        await engine.take(merge("cus_2"))
        await engine.take(*late, partition=3)
    assert [delivery.key for delivery in await sent(engine)] == ["cus_1"]
    known = await facts(engine)
    assert list(known) == ["cus_1"]
    assert known["cus_1"].order_ids == ("o-late",)
    assert await engine.pool.fetch("select * from scheduler.timer") == []


async def test_the_same_merge_again_changes_nothing(engine: Engine) -> None:
    await engine.take(checkout("tok", key="cus_2"), agreed("cus_1"))
    await engine.take(merge("cus_2"))
    once = await engine.state(), await facts(engine)
    await engine.take(merge("cus_2"), merge("cus_2"))
    again = event("customer.merged", CustomerMerged(customer=Buyer(), merged_keys=["cus_2"]), event_id="another")
    await engine.take(again)
    assert (await engine.state(), await facts(engine)) == once


@pytest.mark.parametrize("batches", [1, 2])
async def test_whoever_was_merged_goes_along_when_the_kept_one_is_merged_too(engine: Engine, batches: int) -> None:
    await engine.take(order("a", key="cus_3"), order("b", key="cus_2"))
    merges = [merge("cus_3", kept="cus_2"), merge("cus_2", at=2 * HOUR)]
    for batch in [merges] if batches == 1 else [[one] for one in merges]:
        await engine.take(*batch)
    await engine.take(order("c", key="cus_3", at=MORNING + 3 * HOUR))
    known = await facts(engine)
    assert list(known) == ["cus_1"]
    assert set(known["cus_1"].order_ids) == {"o-a", "o-b", "o-c"}


async def test_two_who_are_in_one_workflow_are_not_written_to_twice(engine: Engine) -> None:
    await deploy(engine.pool, WELCOME)
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
    await engine.take(agreed("cus_1"), agreed("cus_2"))
    await engine.take(merge("cus_2"))
    await engine.wake(after=30 * HOUR)
    assert [delivery.recipient.email for delivery in await sent(engine)] == ["cus_1@example.com"]
    reasons = [
        reason for *_, reason, _ in (await engine.state())["runs"] if isinstance(reason, str) and "merged" in reason
    ]
    assert len(reasons) == 1


async def test_whoever_is_erased_is_erased_with_what_came_from_the_merged_one(engine: Engine) -> None:
    await engine.take(checkout("tok", key="cus_2"), order("x", key="cus_2"))
    await engine.take(checkout("ended", key="cus_2"), order("ended", key="cus_2"))
    await engine.take(merge("cus_2", at=3 * HOUR))
    assert {row["key"] for row in await engine.pool.fetch("select key from engine.run")} == {"cus_1"}
    redacted = PrivacyRequested(customer=Buyer(id="1"))
    await engine.take(event("customer.redacted", redacted, event_id="gone", at=MORNING + 4 * HOUR))
    late = order("late", key="cus_2", at=MORNING + 2 * HOUR)
    await engine.take(late)
    assert await engine.pool.fetch("select * from engine.run") == []
    known = await facts(engine)
    assert list(known) == ["cus_1"]
    assert known["cus_1"].order_ids == ()


def gone(at: timedelta) -> Event:
    return event("customer.redacted", PrivacyRequested(customer=Buyer(id="1")), event_id="gone", at=MORNING + at)


@pytest.mark.parametrize("begun_before", [True, False])
async def test_a_merge_and_the_erasure_in_one_batch_leave_nothing_of_either(engine: Engine, begun_before: bool) -> None:
    """What was on its way for the merged customer is theirs who is erased, a message of the same batch included."""
    await deploy(engine.pool, PACK)
    async with engine.pool.acquire() as conn:
        await engine.definitions.refresh(conn)
    batch: list[Event | WakeUp] = [
        checkout("t-secret", key="cus_2"),
        checkout("t-two", key="cus_2"),
        order("t-two", key="cus_2"),
    ]
    if begun_before:
        await engine.take(*batch)
        engine.clock.advance(5 * HOUR)
        batch = [wakeup(row) for row in await engine.pool.fetch("select * from scheduler.timer")]
        assert batch != []
    await engine.take(*batch, merge("cus_2", at=5 * HOUR), gone(at=6 * HOUR))
    assert (await rows_of(engine.pool, "cus_2")).keys() == {"engine.merged"}
    left = await rows_of(engine.pool, "cus_1")
    assert left.keys() == {"engine.customer", "engine.decision", "engine.erasure", "engine.task"}
    assert left["engine.erasure"] == 1
    reasons = await engine.pool.fetch("select distinct reason from engine.decision")
    assert [row["reason"] for row in reasons] == ["the customer was redacted"]
    kept = await everything_in_postgres(engine.pool)
    assert [word for word in (b"cus_2@example.com", b"t-secret", b"t-two") if word in kept] == []


async def test_whoever_is_merged_after_the_erasure_is_not_erased(engine: Engine) -> None:
    await engine.take(checkout("old"), checkout("tok", key="cus_2"), gone(at=HOUR), merge("cus_2", at=2 * HOUR))
    rows = await engine.pool.fetch("select key, run_key from engine.run where ended_at is null")
    assert [tuple(row) for row in rows] == [("cus_1", "tok")]
    await engine.wake(after=4 * HOUR)
    assert [delivery.recipient.email for delivery in await sent(engine)] == ["cus_2@example.com"]


async def test_a_merge_from_before_the_erasure_that_comes_after_it_brings_nobody_back(engine: Engine) -> None:
    await engine.take(agreed("cus_2"), checkout("a", key="cus_2"))
    erased_at = MORNING + 2 * HOUR
    redacted = PrivacyRequested(customer=Buyer())
    await engine.take(event("customer.redacted", redacted, event_id="erase", key="cus_1", at=erased_at))
    await engine.take(merge("cus_2", at=HOUR))
    assert await facts(engine) == {"cus_1": Facts(redacted_at=erased_at)}
    assert await engine.pool.fetchval("select count(*) from engine.run where ended_at is null") == 0
    await engine.wake(after=24 * HOUR)
    assert await sent(engine) == []


async def test_who_was_erased_before_they_were_merged_stays_erased(engine: Engine) -> None:
    erased_at = MORNING + HOUR
    redacted = PrivacyRequested(customer=Buyer())
    await engine.take(event("customer.redacted", redacted, event_id="erase", key="cus_2", at=erased_at))
    await engine.take(agreed("cus_1"), merge("cus_2", at=2 * HOUR))
    assert (await facts(engine))["cus_1"].redacted_at == erased_at
    await engine.take(checkout("late", key="cus_2"))
    assert await engine.pool.fetchval("select count(*) from engine.run") == 0


async def test_who_asked_for_their_data_before_the_merge_has_them_with_the_kept_customers(engine: Engine) -> None:
    asked = PrivacyRequested(customer=Buyer(id="2"))
    for key in ("cus_2", "cus_3"):
        await engine.take(event("customer.data_requested", asked, event_id=f"asked-{key}", key=key))
    await engine.take(merge("cus_2"))
    async with engine.pool.acquire() as conn:
        told = await privacy.of_customer(conn, "sample", "cus_1")
        assert [row["event_id"] for row in told["requests"]] == ["asked-cus_2"]
        assert await privacy.answer_requests(conn, "sample", "cus_1", MORNING, "Ana") == 1
        assert [one.key for one in await privacy.requests(conn, "sample", also_answered=False)] == ["cus_3"]
