"""The table `control.answer`: what was answered to posts with an Idempotency-Key."""

from datetime import datetime

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_control.adapters", "answers.sql")


class Answer(Struct, frozen=True):
    """What was answered; `status` is None while the request is under way. `request` is a digest of what was asked."""

    request: str
    status: int | None
    body: bytes | None


async def begin(connection: Connection, name: str, key: str, request: str, at: datetime) -> Answer | None:
    """Takes a key of somebody; if it was used before, what came of it."""
    if await connection.fetchval(STATEMENTS["begin"], name, key, request, at) is not None:
        return None
    row = await connection.fetchrow(STATEMENTS["find"], name, key)
    return Answer(request, None, None) if row is None else msgspec.convert(dict(row), Answer)


async def finish(connection: Connection, name: str, key: str, status: int, body: bytes) -> None:
    """What was answered."""
    await connection.execute(STATEMENTS["finish"], name, key, status, body)


async def forget(connection: Connection, name: str, key: str) -> None:
    """It came to nothing: the key may be used again."""
    await connection.execute(STATEMENTS["forget"], name, key)
