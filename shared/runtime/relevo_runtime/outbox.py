"""The transactional outbox: the one way to the table `engine.outbox`.

`put` inside the transaction that decides, publish after its commit, `delete` after Kafka has acknowledged. What a dead
engine left behind is found by `claim_left_behind`; consumers recognise a second publish by the effect key.
"""

from collections.abc import Sequence
from datetime import timedelta

from relevo_runtime.outgoing import LeftBehind, Outgoing
from relevo_runtime.postgres import Connection, Part, Statements

STATEMENTS = Statements.load("relevo_runtime", "outbox.sql")


async def put(connection: Connection, messages: Sequence[Outgoing]) -> list[int]:
    """Keep `messages`; returns their row numbers for `delete`."""
    if not messages:
        return []
    part = putting(messages)
    return [row[0] for row in await connection.fetch(part.sql, *part.parameters)]


def putting(messages: Sequence[Outgoing]) -> Part:
    """As `put`, to be executed with others; the rows it returns have the numbers."""
    return Part(
        STATEMENTS["put"],
        (
            [message.shop for message in messages],
            [message.id for message in messages],
            [message.topic for message in messages],
            [message.key for message in messages],
            [message.value for message in messages],
        ),
    )


async def delete(connection: Connection, numbers: Sequence[int]) -> None:
    """Forget rows that Kafka has acknowledged; rows that are gone already are not an error."""
    if numbers:
        await connection.execute(STATEMENTS["delete"], numbers)


def deleting(numbers: Sequence[int]) -> Part:
    """As `delete`, to be executed with others."""
    return Part(STATEMENTS["delete"], (numbers,))


async def claim_left_behind(connection: Connection, older_than: timedelta, limit: int) -> list[LeftBehind]:
    """Up to `limit` rows untouched for `older_than` of the database's wall clock, oldest first.

    They are marked as touched, so another claim leaves them alone for as long again.
    """
    rows = await connection.fetch(STATEMENTS["claim_left_behind"], older_than, limit)
    return sorted((LeftBehind(row[0], Outgoing(*row[1:])) for row in rows), key=lambda left: left.number)
