"""Timers: armed with the caller's transaction, claimed once a lease, gone only when they are consumed."""

from datetime import UTC, datetime, timedelta

from relevo_runtime import timers
from relevo_runtime.outgoing import Claim, Timer
from relevo_runtime.postgres import Pool
from relevo_runtime.timers import cancel_timers, set_timers, unclaim
from tests.timer_table import claim_due, next_due

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def timer(name: str, due_at: datetime = NOON) -> Timer:
    return Timer("acme", "customer-1", name, due_at, "run-1", 3, "step")


async def test_a_timer_is_claimed_when_it_is_due_and_not_before(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await set_timers(connection, [timer("a"), timer("b", NOON + MINUTE)])
        assert await claim_due(connection, NOON - timedelta(microseconds=1), NOON + MINUTE, 10) == []
        assert await claim_due(connection, NOON, NOON + 5 * MINUTE, 10) == [timer("a")]
        assert await next_due(connection) == NOON + MINUTE


async def test_a_claim_says_when_the_next_timer_is_due(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await timers.claim_due(connection, NOON, NOON + MINUTE, 1) == Claim([], None)
        await set_timers(connection, [timer("a"), timer("b"), timer("c", NOON + MINUTE)])
        early = NOON - MINUTE
        assert await timers.claim_due(connection, early, NOON, 1) == Claim([], NOON)
        first = await timers.claim_due(connection, NOON, NOON + 5 * MINUTE, 1)
        second = await timers.claim_due(connection, NOON, NOON + 5 * MINUTE, 9)
        assert (len(first.timers), first.next_due) == (1, NOON + MINUTE)
        assert (len(second.timers), second.next_due) == (1, NOON + MINUTE)
        assert await timers.claim_due(connection, NOON, NOON + 5 * MINUTE, 9) == Claim([], NOON + MINUTE)


async def test_a_claimed_timer_comes_back_when_nobody_consumed_it_in_its_lease(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await set_timers(connection, [timer("a")])
        lease_end = NOON + 5 * MINUTE
        assert len(await claim_due(connection, NOON, lease_end, 10)) == 1
        assert await claim_due(connection, NOON + MINUTE, lease_end, 10) == []
        [again] = await claim_due(connection, lease_end, lease_end + MINUTE, 10)
        assert again.due_at == NOON


async def test_a_consumed_timer_is_gone(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await set_timers(connection, [timer("a"), timer("b")])
        await cancel_timers(connection, [("acme", "a"), ("acme", "never armed")])
        assert [t.timer_id for t in await claim_due(connection, NOON, NOON + MINUTE, 10)] == ["b"]


async def test_arming_again_moves_a_timer_and_the_last_of_one_batch_counts(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await set_timers(connection, [timer("a"), timer("a", NOON + MINUTE)])
        await claim_due(connection, NOON + MINUTE, NOON + 9 * MINUTE, 10)
        await set_timers(connection, [timer("a", NOON + 2 * MINUTE)])
        assert await next_due(connection) == NOON + 2 * MINUTE


async def test_two_schedulers_share_the_due_timers(pool: Pool) -> None:
    async with pool.acquire() as one, pool.acquire() as other:
        await set_timers(one, [timer(str(n)) for n in range(10)])
        async with one.transaction(), other.transaction():
            mine = await claim_due(one, NOON, NOON + MINUTE, 5)
            theirs = await claim_due(other, NOON, NOON + MINUTE, 5)
        assert {t.timer_id for t in mine + theirs} == {str(n) for n in range(10)}


async def test_a_rolled_back_transaction_arms_nothing(pool: Pool) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await set_timers(connection, [timer("a")])
        await transaction.rollback()
        assert await next_due(connection) is None


async def test_each_further_lease_is_longer_until_the_timer_is_armed_anew(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await set_timers(connection, [timer("a")])
        for attempt, minutes in enumerate([1, 2, 4, 8, 16, 32, 64, 64]):
            [claimed] = await claim_due(connection, NOON, NOON + MINUTE, 10)
            assert claimed.attempts == attempt
            assert await next_due(connection) == NOON + minutes * MINUTE
            await connection.execute("update scheduler.timer set attempt_at = due_at")
        await set_timers(connection, [timer("a")])
        [claimed] = await claim_due(connection, NOON, NOON + MINUTE, 10)
        assert claimed.attempts == 0


async def test_a_claim_that_came_to_nothing_does_not_count(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await set_timers(connection, [timer("a"), timer("moved")])
        claimed = await claim_due(connection, NOON, NOON + 5 * MINUTE, 10)
        await set_timers(connection, [timer("moved", NOON + 9 * MINUTE)])
        await unclaim(connection, claimed, NOON + MINUTE)
        assert [t.attempts for t in await claim_due(connection, NOON + MINUTE, NOON + 2 * MINUTE, 10)] == [0]
        assert await next_due(connection) == NOON + 2 * MINUTE
        assert [t.timer_id for t in await claim_due(connection, NOON + 9 * MINUTE, NOON + 10 * MINUTE, 1)] == ["a"]
