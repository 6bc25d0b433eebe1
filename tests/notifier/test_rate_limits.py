"""Limits, pace and failover on a real database, broker and sandbox: held by all instances, over restarts too."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import msgspec
from pydantic import SecretStr

from relevo_contracts.messages import SendDelivery
from relevo_notifier.adapters import past_deliveries
from relevo_notifier.adapters.deliveries import Deliveries, ProviderQueue
from relevo_notifier.adapters.turns import Source
from relevo_notifier.app.flow import Flow, FlowRules
from relevo_notifier.core.limits import DAY, Limit
from relevo_notifier.core.provider_results import TryLater
from relevo_notifier.core.turns import Denied, Subqueue
from relevo_notifier.core.work import Incoming
from relevo_runtime import catalog
from relevo_runtime.clock import ManualClock
from relevo_runtime.postgres import Pool
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, SHOP, customer, delivery
from tests.notifier.waiting import until

SECOND = timedelta(seconds=1)
LEASE = NOON + timedelta(minutes=2)
NOBODY = {"port": 9, "timeout": 5}


async def keep(deliveries: Deliveries, *items: SendDelivery, provider: str = "smtp") -> None:
    incoming = [Incoming(item, msgspec.json.encode(item), begun=False, wake_at=NOON) for item in items]
    await deliveries.accept(incoming, NOON, provider)


def queue(pool: Pool, *limits: Limit, relieves: tuple[Source, ...] = (), provider: str = "smtp") -> ProviderQueue:
    flow = Flow(provider, limits, FlowRules(), ManualClock(NOON))
    return ProviderQueue(Deliveries(pool), "email", provider, flow, relieves)


async def most_sent(post: Post, count: int) -> bool:
    return len(post.sent()) >= count


async def sent(post: Post, count: int) -> None:
    async def arrived() -> bool:
        assert len(post.sent()) <= count
        return len(post.sent()) == count

    await until(arrived)


async def kept_back(post: Post, count: int) -> None:
    """Wait until so many are queued, and a limit has said why."""

    async def waiting() -> bool:
        row = await post.pool.fetchrow(
            "select (select count(*) from notifier.delivery where state = 'queued'),"
            " (select count(*) from notifier.rate where denied_at is not null)"
        )
        return bool(row and row[0] == count and row[1])

    await until(waiting)


async def test_a_quota_holds_for_all_instances_and_over_restarts(post: Post) -> None:
    limit: dict[str, Any] = {"notifier_limits": "smtp=3/day"}
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(post.notifier(**limit))
        await post.publish(*(delivery(number) for number in range(8)))
        await sent(post, 3)
        await kept_back(post, 5)
    async with post.notifier(**limit):
        await kept_back(post, 5)
        assert len(post.sent()) == 3
        post.clock.advance(timedelta(hours=13))  # tomorrow, in UTC
        await sent(post, 6)
        await kept_back(post, 2)
    rows = await post.pool.fetch("select distinct attempts from notifier.delivery where state = 'queued'")
    assert [row[0] for row in rows] == [0]


async def test_a_receipt_passes_before_a_campaign_and_says_why_the_others_wait(post: Post) -> None:
    await keep(Deliveries(post.pool), *(delivery(number) for number in range(5)))
    receipt = delivery(9, purpose="transactional")
    await keep(Deliveries(post.pool), receipt)
    async with post.notifier(notifier_limits="smtp=1/day"):
        await sent(post, 1)
        await kept_back(post, 5)
    assert (await post.states())[receipt.id] == "sent"
    async with post.pool.acquire() as connection:
        [past] = await past_deliveries.of_customer(connection, "acme", "customer-1", NOON)
    assert past.put_off == ["rate: at most 1 message a day by smtp"]


async def test_what_is_not_sent_takes_nothing_of_a_quota(post: Post) -> None:
    """A customer who did not agree is skipped: the quota is for others."""
    refused = [delivery(number, recipient=customer(consent="withdrawn")) for number in range(3)]
    await keep(Deliveries(post.pool), *refused)
    await keep(Deliveries(post.pool), delivery(9))
    async with post.notifier(notifier_limits="smtp=1/day"):
        await sent(post, 1)
        await post.settled(4)
    assert await post.states() == {one.id: "skipped" for one in refused} | {delivery(9).id: "sent"}


async def test_another_provider_sends_while_the_first_is_down_and_nothing_is_lost(post: Post) -> None:
    settings: dict[str, Any] = {
        "notifier_providers": "email=smtp|postmark",
        "notifier_smtp": post.settings.notifier_smtp.model_copy(update=NOBODY),
        "notifier_postmark": post.settings.notifier_postmark.model_copy(
            update={"url": post.sandbox.url, "token": SecretStr("sandbox"), "timeout": 5}
        ),
    }
    async with post.notifier(**settings):
        await post.publish(*(delivery(number) for number in range(12)))

        lease = NOON + timedelta(seconds=post.settings.notifier_lease)

        async def down() -> bool:
            """The first is left alone, and nothing that was on its way to it is left to fail after the pause."""
            is_so = await post.pool.fetchval(
                "select exists (select from notifier.rate where name = 'pace') and count(*) = 12"
                " from notifier.delivery where state = 'queued' and wake_at <> $1",
                lease,
            )
            return bool(is_so)

        await until(down)
        assert post.sent() == []
        post.clock.advance(timedelta(minutes=2))
        await until(lambda: most_sent(post, 11))  # one may have tried the first again
        post.clock.advance(timedelta(seconds=45))
        await sent(post, 12)
        await post.settled(12)
    attempts = await post.pool.fetch("select distinct attempts, doubts, provider from notifier.delivery")
    assert [tuple(row) for row in attempts] == [(1, 0, "postmark")]


def down(flow: Flow) -> Flow:
    for _ in range(5):
        flow.ended("", TryLater("nobody listens", concern="provider"), NOON - timedelta(hours=1))
    return flow


async def test_a_second_provider_takes_nothing_that_may_have_gone_out(pool: Pool) -> None:
    deliveries, first = Deliveries(pool), down(Flow("smtp", (), FlowRules(), ManualClock(NOON)))
    await keep(deliveries, *(delivery(number) for number in range(4)))
    await pool.execute("update notifier.delivery set doubts = 1 where id = $1", delivery(1).id)
    await pool.execute("update notifier.delivery set state = 'sending', attempts = 1 where id = $1", delivery(2).id)
    relief = Source("smtp", first.is_relieved, first.relieved, fresh=True)
    second = queue(pool, relieves=(relief,), provider="postmark")
    due = await second.claim_due(NOON, LEASE, 10)
    assert {work.delivery.id for work in due.queued} == {delivery(0).id, delivery(3).id}
    assert due.doubtful == []
    assert [work.ref for work in await second.begin(due.queued, LEASE + SECOND)] == [work.ref for work in due.queued]


async def test_what_is_over_a_quota_goes_by_the_second_provider(pool: Pool) -> None:
    deliveries, day = Deliveries(pool), Limit("smtp", 1, DAY)
    first = Flow("smtp", [day], FlowRules(), ManualClock(NOON))
    await keep(deliveries, *(delivery(number) for number in range(3)))
    due = await ProviderQueue(deliveries, "email", "smtp", first).claim_due(NOON, LEASE, 10)
    relief = Source("smtp", first.is_relieved, first.relieved, fresh=True)
    others = await queue(pool, relieves=(relief,), provider="postmark").claim_due(NOON, LEASE, 10)
    assert (len(due.queued), len(others.queued)) == (1, 2)


async def test_shops_take_turns_in_the_table(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await keep(deliveries, *(delivery(number) for number in range(50)))
    await keep(deliveries, delivery(100, shop="beta"), delivery(101, shop="beta", purpose="transactional"))
    due = await queue(pool).claim_due(NOON, LEASE, 5)
    assert [work.delivery.shop for work in due.queued].count("beta") == 2
    assert len(due.queued) == 5


async def test_a_subqueue_that_has_less_than_its_share_leaves_it_to_others(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await keep(deliveries, *(delivery(number) for number in range(30)))
    await keep(deliveries, *(delivery(number, shop=f"small-{number}") for number in range(100, 110)))
    assert len(await queue(pool).claim_due(NOON, LEASE, 25)) == 25


async def test_a_destination_has_a_limit_of_its_own(pool: Pool) -> None:
    deliveries = Deliveries(pool)
    await keep(deliveries, *(delivery(n, recipient=customer(email=f"ana{n}@gmail.com")) for n in range(6)))
    await keep(deliveries, *(delivery(n) for n in range(10, 14)))
    limited = queue(pool, Limit("smtp", 2, SECOND, destination="google"))
    due = await limited.claim_due(NOON, LEASE, 100)
    assert sorted(work.destination for work in due.queued) == [""] * 4 + ["google"] * 2
    again = await limited.claim_due(NOON + SECOND, LEASE, 100)
    assert [work.destination for work in again.queued] == ["google"] * 2


async def test_a_domain_that_asks_for_less_slows_down_alone(pool: Pool) -> None:
    flow = Flow("smtp", (), FlowRules(), ManualClock(NOON))
    flow.ended("google", TryLater("421 4.7.28 unusual rate", concern="destination"), NOON)
    deliveries = Deliveries(pool)
    await keep(deliveries, delivery(1, recipient=customer(email="ana@gmail.com")), delivery(2))
    mine = ProviderQueue(deliveries, "email", "smtp", flow)
    assert [work.delivery.id for work in (await mine.claim_due(NOON, LEASE, 10)).queued] == [delivery(2).id]
    later = NOON + timedelta(minutes=1)
    assert [w.delivery.id for w in (await mine.claim_due(later, LEASE, 10)).queued] == [delivery(1).id]


async def test_what_is_over_a_quota_says_so_to_the_other_provider_until_tomorrow() -> None:
    flow = Flow("smtp", [Limit("smtp", 1, DAY)], FlowRules(), ManualClock(NOON))
    over, other = Subqueue("marketing", "", "acme", NOON), Subqueue("marketing", "", "beta", NOON)
    flow.denied([Denied(over, flow.limits[0])], NOON)
    assert (flow.relieved(over, NOON), flow.relieved(other, NOON)) == (True, False)
    flow.denied([], NOON)
    assert not flow.is_relieved(NOON)


async def test_the_limit_of_a_shop_is_not_anothers(post: Post) -> None:
    async with post.pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, msgspec.structs.replace(SHOP, shop="beta"))
    await keep(
        Deliveries(post.pool), *(delivery(n) for n in range(3)), *(delivery(n, shop="beta") for n in range(3, 6))
    )
    async with post.notifier(notifier_limits="beta/smtp=1/day"):
        await sent(post, 4)
        await kept_back(post, 2)
    rows = await post.pool.fetch("select shop, count(*) from notifier.delivery where state = 'sent' group by shop")
    assert {row["shop"]: row["count"] for row in rows} == {"acme": 3, "beta": 1}
