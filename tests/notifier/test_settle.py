"""What is written down when an attempt ends, and what counts as one."""

from datetime import time, timedelta

import msgspec

from relevo_notifier.adapters import past_deliveries
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.core.policy import Retry
from relevo_notifier.core.provider_results import Rejected, Sent
from relevo_notifier.core.settle import AGAIN, Rules, after, final, put_back
from relevo_notifier.core.work import Incoming, Settled
from relevo_runtime.postgres import Pool
from tests.notifier.conftest import Post
from tests.notifier.support import NOON, delivery, work
from tests.notifier.waiting import until

QUIET = "quiet hours of the recipient"
RULES = Rules(retry=Retry(), span=lambda wall: wall)


def test_an_address_that_does_not_exist_is_suppressed_after_a_doubt_too() -> None:
    gone = Rejected("5.1.1 no such user", suppress=True, detail={})
    settled = after(work(doubts=1, attempts=2), gone, "ana@example.com", NOON, RULES)
    assert (settled.state, settled.suppress) == ("in_doubt", "ana@example.com")


def test_what_was_sent_says_what_it_shows_and_whether_it_may_have_arrived_twice() -> None:
    shown = ("guides/a", "news/b")
    once = after(work(), Sent("id-1"), "ana@example.com", NOON, RULES, blocks=shown)
    again = after(work(doubts=1, attempts=2), Sent("id-1"), "ana@example.com", NOON, RULES, blocks=shown)
    plain = after(work(), Sent("id-1"), "ana@example.com", NOON, RULES)
    assert (once.state, once.reason) == ("sent", "it shows guides/a, news/b")
    assert again.reason == f"{AGAIN}; it shows guides/a, news/b"
    assert plain.reason == ""


async def test_what_was_put_back_without_an_attempt_does_not_count_as_one(pool: Pool) -> None:
    deliveries, lease = Deliveries(pool), NOON + timedelta(minutes=2)
    [begun] = await deliveries.accept([Incoming(delivery(), msgspec.json.encode(delivery()), True, lease)], NOON)
    for _ in range(3):
        await deliveries.settle([Settled(work=begun, state="queued", wake_at=lease, counts=False)], NOON)
        [begun] = await deliveries.begin([begun], lease)
        assert begun.attempts == 1


async def test_quiet_hours_use_up_no_attempts(post: Post) -> None:
    async with post.notifier(notifier_quiet_from=time(0), notifier_quiet_until=time(23)):
        await post.publish(delivery())

        async def waits() -> bool:
            row = await post.pool.fetchrow("select state, attempts from notifier.delivery where settled_at is not null")
            return row is not None and tuple(row) == ("queued", 0)

        await until(waits)
    assert post.sent() == []
    async with post.pool.acquire() as connection:
        [past] = await past_deliveries.of_customer(connection, "acme", delivery().key, NOON)
    assert (past.state, past.put_off, past.reason) == ("queued", [QUIET], QUIET)
    assert past.again_at == NOON.replace(hour=22)  # 23:00 in Madrid


async def test_why_it_was_put_off_is_kept_once_and_outlives_the_end(pool: Pool) -> None:
    deliveries, lease = Deliveries(pool), NOON + timedelta(minutes=2)
    [begun] = await deliveries.accept([Incoming(delivery(), msgspec.json.encode(delivery()), True, lease)], NOON)
    for reason in (QUIET, QUIET, "", "451 try later"):
        await deliveries.settle([Settled(work=begun, state="queued", reason=reason, wake_at=lease)], NOON)
        [begun] = await deliveries.begin([begun], lease)
    await deliveries.settle([final(begun, "sent", lease)], lease)
    async with pool.acquire() as connection:
        [past] = await past_deliveries.of_customer(connection, begun.delivery.shop, begun.delivery.key, NOON)
    assert (past.put_off, past.reason) == ([QUIET, "451 try later"], "")
    assert (past.accepted_at, past.at, past.again_at) == (NOON, lease, None)


async def test_the_reasons_that_put_it_off_are_bounded(pool: Pool) -> None:
    deliveries, lease = Deliveries(pool), NOON + timedelta(minutes=2)
    [begun] = await deliveries.accept([Incoming(delivery(), msgspec.json.encode(delivery()), True, lease)], NOON)
    for number in range(12):
        later = Settled(work=begun, state="queued", reason=f"451 try later, id {number}", wake_at=lease)
        await deliveries.settle([later], NOON)
        [begun] = await deliveries.begin([begun], lease)
    put_off = await pool.fetchval("select put_off from notifier.delivery")
    assert put_off == [f"451 try later, id {number}" for number in range(10)]


async def test_what_found_no_free_worker_was_not_put_off(pool: Pool) -> None:
    deliveries, lease = Deliveries(pool), NOON + timedelta(minutes=2)
    [begun] = await deliveries.accept([Incoming(delivery(), msgspec.json.encode(delivery()), True, lease)], NOON)
    await deliveries.settle([put_back(begun, NOON)], NOON)
    assert await pool.fetchval("select put_off from notifier.delivery where state = 'queued'") == []
