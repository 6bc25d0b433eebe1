"""Caps of the contact policy: whatever notifiers and workers do at once, nobody gets more messages than it says."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from relevo_contracts.messages import SendDelivery
from relevo_contracts.payloads import Buyer, CustomerChanged, CustomerMerged, PrivacyRequested
from relevo_contracts.policy import Cap, QuietHours, QuietRule, Repeats
from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.adapters.places import Places
from relevo_notifier.app.judge import Judge
from relevo_notifier.core.settle import final, put_back
from relevo_notifier.core.work import Work
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.postgres import Pool
from tests.notifier.conftest import Post
from tests.notifier.policies import deploy, policy
from tests.notifier.support import NOON, SHOP, customer, delivery
from tests.notifier.test_contacts import record, update_contacts
from tests.notifier.test_withdrawal import HELD, incoming
from tests.notifier.waiting import until

WEEK = timedelta(days=7)
TWO = Cap(most=2, per=WEEK)


async def notifier_of(pool: Pool, clock: ManualClock | None = None) -> Deliveries:
    """The tables as one process has them."""
    return Deliveries(pool, Places(Judge(Catalog(pool)), clock or ManualClock(NOON)))


@pytest.fixture
async def capped(pool: Pool) -> Pool:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, SHOP)
    await deploy(pool, policy(caps=(TWO,)))
    return pool


def mails(count: int, key: str = "ana", first: int = 1, **changes: Any) -> list[SendDelivery]:
    who = customer(email=f"{key}@example.com")
    return [
        delivery(number, key=key, recipient=who, not_after=NOON + timedelta(days=30), **changes)
        for number in range(first, first + count)
    ]


async def begin(deliveries: Deliveries, wanted: Sequence[SendDelivery]) -> list[Work]:
    held = await deliveries.accept([incoming(one) for one in wanted], NOON)
    return await deliveries.begin(held, HELD)


def goes(works: Sequence[Work]) -> list[str]:
    return [work.delivery.id for work in works if work.allotment is not None and work.allotment.instead is None]


async def places(pool: Pool) -> dict[str, int]:
    rows = await pool.fetch("select key, count(*) as count from notifier.place group by key")
    return {row["key"]: row["count"] for row in rows}


@pytest.mark.parametrize("size", [1, 3, 12])
async def test_no_cap_is_exceeded_by_any_number_of_workers_at_once(capped: Pool, size: int) -> None:
    keys = ("ana", "bo", "cy")
    wanted = [one for number, key in enumerate(keys) for one in mails(12, key, 100 * number)]
    notifiers = [await notifier_of(capped) for _ in range(4)]
    held = await notifiers[0].accept([incoming(one) for one in wanted], NOON)
    held = [held[(7 * number) % len(held)] for number in range(len(held))]  # everybody's, mixed
    pages = [held[start : start + size] for start in range(0, len(held), size)]
    found = await asyncio.gather(
        *(notifiers[number % 4].begin(page, HELD) for number, page in enumerate(pages)),
    )
    works = [work for page in found for work in page]
    assert len(works) == len(wanted)
    assert Counter(work.delivery.key for work in works if work.delivery.id in goes(works)) == dict.fromkeys(keys, 2)
    assert await places(capped) == dict.fromkeys(keys, 2)


async def test_what_did_not_go_out_gives_its_place_back_and_what_did_counts_from_then(capped: Pool) -> None:
    clock = ManualClock(NOON)
    deliveries = await notifier_of(capped, clock)
    first, second, third = await begin(deliveries, mails(3))
    assert goes([first, second, third]) == [first.delivery.id, second.delivery.id]
    sent = NOON + timedelta(minutes=5)
    settled = [final(first, "sent", sent), final(second, "failed", sent, "no such mailbox"), put_back(third, sent)]
    await deliveries.settle(settled, sent)
    [place] = await capped.fetch("select id, at from notifier.place")
    assert tuple(place) == (first.delivery.id, sent)
    clock.set(sent + WEEK - timedelta(seconds=1))
    late = mails(3, first=10)
    works = await begin(deliveries, late)
    assert goes(works) == [late[0].id]


async def test_a_message_in_doubt_keeps_its_place(capped: Pool) -> None:
    deliveries = await notifier_of(capped)
    first, second = await begin(deliveries, mails(2))
    await deliveries.settle([final(first, "in_doubt", NOON, "nobody knows")], NOON)
    assert await places(capped) == {"ana": 2}
    [again] = await deliveries.with_contacts([second])  # another process clears it up
    assert goes([again]) == [second.delivery.id]
    [more] = await begin(deliveries, mails(1, first=10))
    assert goes([more]) == []


async def test_transactional_messages_neither_count_nor_wait(capped: Pool) -> None:
    deliveries = await notifier_of(capped)
    receipts = [*mails(3, purpose="transactional"), *mails(3, first=10, topic="receipt")]
    works = await begin(deliveries, receipts)
    assert [work.allotment for work in works] == [None] * 6
    assert await places(capped) == {}


async def test_what_may_not_go_out_takes_no_place(capped: Pool) -> None:
    await deploy(capped, policy(caps=(TWO,), quiet=(QuietRule(hours=QuietHours.read("00:00-23:00")),)))
    deliveries = await notifier_of(capped)
    assert [work.allotment for work in await begin(deliveries, mails(2))] == [None, None]
    assert await places(capped) == {}


async def test_who_has_the_higher_priority_has_the_place_though_it_waits(capped: Pool) -> None:
    deliveries = await notifier_of(capped)
    await deliveries.accept([incoming(one) for one in mails(2, topic="urgent")], NOON)
    [low] = await begin(deliveries, mails(1, first=10, topic="newsletter"))
    assert low.allotment is not None
    assert low.allotment.instead is not None
    assert "gives way to 'send-reminder' of abandoned-cart (priority 90 over 40)" in low.allotment.instead.reason


async def test_the_same_content_goes_out_once(capped: Pool) -> None:
    await deploy(capped, policy(repeats=(Repeats(within=WEEK),)))
    first, second, other = mails(3)
    other = delivery(3, key="ana", recipient=first.recipient, context={"trigger": {"total": "1"}})
    works = await begin(await notifier_of(capped), [first, second, other])
    assert goes(works) == [first.id, other.id]


BO = Buyer(id="2", email="bo@example.com")
MERGE = record("customer.merged", CustomerMerged(customer=Buyer(id="1"), merged_keys=["bo"]), key="ana", minutes=1)


async def test_caps_follow_a_merge(capped: Pool) -> None:
    deliveries = await notifier_of(capped)
    await begin(deliveries, [*mails(1, "ana"), *mails(1, "bo", 10)])
    await update_contacts([record("customer.created", CustomerChanged(customer=BO), key="bo"), MERGE], capped)
    assert await places(capped) == {"ana": 2}
    assert goes(await begin(deliveries, [*mails(1, "bo", 20), *mails(1, "ana", 30)])) == []


async def test_no_cap_is_exceeded_while_customers_are_merged(capped: Pool) -> None:
    deliveries = await notifier_of(capped)
    wanted = [*mails(8, "ana"), *mails(8, "bo", 100)]
    held = await deliveries.accept([incoming(one) for one in wanted], NOON)
    begins = [deliveries.begin([one], HELD) for one in held]
    merging = asyncio.create_task(update_contacts([MERGE], capped))
    works = [work for page in await asyncio.gather(*begins) for work in page]
    await merging
    assert len(works) == 16
    # Before they are one, each of the two may have had two; what begins afterwards has none left.
    assert 2 <= (await places(capped))["ana"] == len(goes(works)) <= 4
    assert goes(await begin(deliveries, mails(2, "bo", 200))) == []


async def test_whoever_merges_changes_nothing_before_it_holds_the_places(capped: Pool) -> None:
    """Whoever gives places away holds them first too: otherwise the two could wait for each other."""
    [one] = mails(1, "ana")
    await (await notifier_of(capped)).accept([incoming(one)], NOON)
    merge = record("customer.merged", CustomerMerged(customer=Buyer(id="3"), merged_keys=["bo"]), key="cy", minutes=1)
    erasure = record("customer.redacted", PrivacyRequested(customer=Buyer(id="1")), key="ana", minutes=9)
    async with capped.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(notifier.place_lock($1, 'bo'))", SHOP.shop)
        learning = asyncio.create_task(update_contacts([erasure, merge], capped))
        await until(lambda: _waits(capped))
        assert await capped.fetchval("select state from notifier.delivery for update nowait") == "queued"
    await learning
    assert await capped.fetchval("select state from notifier.delivery") == "skipped"


async def _waits(pool: Pool) -> bool:
    count: int = await pool.fetchval("select count(*) from pg_locks where locktype = 'advisory' and not granted")
    return count > 0


async def test_messages_of_merged_customers_have_places_whose_names_are_odd(capped: Pool) -> None:
    odd = ("o'hara", 'a"b\\c{,}$1', "ünï\\'; select 1; --")
    deliveries = await notifier_of(capped)
    merges = [
        record("customer.merged", CustomerMerged(customer=Buyer(id="1"), merged_keys=[key]), key="ana", minutes=n)
        for n, key in enumerate(odd)
    ]
    await update_contacts(merges, capped)
    who = customer(email="ana@example.com")
    wanted = [delivery(n, key=key, recipient=who, not_after=NOON + WEEK) for n, key in enumerate((*odd, "ana", "NULL"))]
    works = await begin(deliveries, wanted)
    assert goes(works) == [wanted[0].id, wanted[1].id, wanted[4].id]
    assert await places(capped) == {"ana": 2, "NULL": 1}


async def test_whoever_is_erased_leaves_no_places(capped: Pool) -> None:
    deliveries = await notifier_of(capped)
    await begin(deliveries, [*mails(1, "ana"), *mails(1, "bo", 10)])
    erasure = record("customer.redacted", PrivacyRequested(customer=Buyer(id="1")), key="ana", minutes=9)
    await update_contacts([erasure], capped)
    assert await places(capped) == {"bo": 1}


async def test_two_notifiers_send_what_the_policy_allows_and_the_rest_in_its_time(post: Post) -> None:
    await deploy(post.pool, policy(caps=(TWO,), spread=timedelta(minutes=30)))
    receipts = mails(3, first=50, purpose="transactional")
    async with post.notifier(), post.notifier():
        await post.publish(*mails(6), *receipts)
        await until(lambda: _count(post, 5, 4))
        rows = await post.pool.fetch("select put_off, wake_at from notifier.delivery where state = 'queued'")
        assert {row["put_off"][0] for row in rows} == {"at most 2 messages in 7 days, and 2 went out"}
        assert all(timedelta(0) <= row["wake_at"] - NOON - WEEK <= timedelta(minutes=31) for row in rows)
        post.clock.set(NOON + WEEK + timedelta(hours=1))
        await until(lambda: _count(post, 7, 2))
    assert len(post.sent()) == 7


async def _count(post: Post, sent: int, put_off: int) -> bool:
    row = await post.pool.fetchrow(
        "select count(*) filter (where state = 'sent'),"
        " count(*) filter (where state = 'queued' and put_off <> '{}' and wake_at > $1) from notifier.delivery",
        post.clock.now() + timedelta(hours=1),
    )
    return row is not None and tuple(row) == (sent, put_off)
