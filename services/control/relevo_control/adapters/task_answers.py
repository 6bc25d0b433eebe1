"""The table `control.task_answer`: how many answers a task was given, with those that the engine has yet to take."""

from datetime import datetime

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_control.adapters", "task_answers.sql")


async def given(connection: Connection, shop: str, task_id: str) -> int:
    """How many answers were given to a task."""
    found: int | None = await connection.fetchval(STATEMENTS["given"], shop, task_id)
    return found or 0


async def give(connection: Connection, shop: str, task_id: str, *, seen: int | None, at: datetime) -> int | None:
    """Counts one more answer, in one statement: which it is, or none if others than the `seen` ones were given
    (`seen` is `None`: whatever was given).
    """
    number: int | None = await connection.fetchval(STATEMENTS["give"], shop, task_id, seen, at)
    return number


async def take_back(connection: Connection, shop: str, task_id: str, number: int) -> None:
    """An answer that was counted as this `number` was not published; without effect if another came after it."""
    await connection.execute(STATEMENTS["take_back"], shop, task_id, number)
