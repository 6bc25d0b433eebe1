"""The outbox: what is decided in a transaction is published, also when its engine dies."""

from datetime import timedelta

from relevo_runtime import outbox
from relevo_runtime.outgoing import Outgoing
from relevo_runtime.postgres import Pool

AT_ONCE = timedelta(0)
HOUR = timedelta(hours=1)


def message(number: int) -> Outgoing:
    return Outgoing("acme", f"run-1/send/{number}", "relevo.deliveries", "customer-1", b'{"n": %d}' % number)


async def test_what_was_not_deleted_is_found_left_behind(pool: Pool) -> None:
    async with pool.acquire() as connection:
        numbers = await outbox.put(connection, [message(1), message(2), message(3)])
        await outbox.delete(connection, numbers[:2])
        assert await outbox.claim_left_behind(connection, HOUR, 10) == []
        [left] = await outbox.claim_left_behind(connection, AT_ONCE, 10)
    assert left.number == numbers[2]
    assert left.message == message(3)


async def test_a_claimed_row_is_left_alone_until_its_time_has_passed_again(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await outbox.put(connection, [message(1)])
        assert len(await outbox.claim_left_behind(connection, AT_ONCE, 10)) == 1
        assert await outbox.claim_left_behind(connection, HOUR, 10) == []


async def test_two_rescuers_never_take_the_same_row(pool: Pool) -> None:
    async with pool.acquire() as one, pool.acquire() as other:
        await outbox.put(one, [message(n) for n in range(10)])
        async with one.transaction(), other.transaction():
            mine = await outbox.claim_left_behind(one, AT_ONCE, 6)
            theirs = await outbox.claim_left_behind(other, AT_ONCE, 6)
    assert [left.message for left in mine + theirs] == [message(n) for n in range(10)]


async def test_a_rolled_back_transaction_publishes_nothing(pool: Pool) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await outbox.put(connection, [message(1)])
        await transaction.rollback()
        assert await outbox.claim_left_behind(connection, AT_ONCE, 10) == []


async def test_nothing_to_keep_or_to_delete_is_no_error(pool: Pool) -> None:
    async with pool.acquire() as connection:
        assert await outbox.put(connection, []) == []
        await outbox.delete(connection, [])
        await outbox.delete(connection, [12345])
