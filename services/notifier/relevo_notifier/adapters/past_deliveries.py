"""What became of the messages and the HTTP calls of one customer, for those who explain it."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from relevo_runtime.postgres import Connection, Statements

STATEMENTS = Statements.load("relevo_notifier.adapters", "past_deliveries.sql")
MOST = 1000
"""Deliveries that are read at most, the newest ones."""


class PastFeedback(Struct, frozen=True, kw_only=True):
    """What the provider told of a message afterwards."""

    kind: Literal["delivered", "bounced", "complained", "unsubscribed"]
    at: datetime
    provider: str
    status: str
    permanent: bool
    reason: str


class PastEngagement(Struct, frozen=True, kw_only=True):
    """Somebody opened a message or followed a link of it; a `machine`, by what gave it away."""

    kind: Literal["opened", "clicked", "scanned"]
    at: datetime
    url: str
    machine: str


class PastDelivery(Struct, frozen=True, kw_only=True):
    """A delivery and its outcome; `at` is when that was known, or when it was taken if nothing became of it yet.

    `put_off` are the reasons why it was put off since `accepted_at`, `again_at` when it is looked at again.
    """

    id: str
    channel: str
    state: Literal["queued", "sending", "sent", "failed", "skipped", "in_doubt"]
    attempts: int
    reason: str
    at: datetime
    accepted_at: datetime
    put_off: list[str]
    again_at: datetime | None
    feedback: list[PastFeedback] = []
    engagement: list[PastEngagement] = []


class PastCall(Struct, frozen=True, kw_only=True):
    """An HTTP call and what came of it; `status` is what was answered last, 0 for nothing."""

    id: str
    state: Literal["queued", "calling", "answered", "failed", "in_doubt"]
    status: int
    attempts: int
    reason: str
    at: datetime


async def calls_of_customer(connection: Connection, shop: str, key: str, since: datetime) -> list[PastCall]:
    """The calls for the customer `key` since `since`, oldest first."""
    rows = await connection.fetch(STATEMENTS["calls_of_customer"], shop, key, since, MOST)
    return [msgspec.convert(dict(row), PastCall) for row in reversed(rows)]


async def of_customer(connection: Connection, shop: str, key: str, since: datetime) -> list[PastDelivery]:
    """The deliveries of the customer `key` since `since`, oldest first."""
    rows = await connection.fetch(STATEMENTS["of_customer"], shop, key, since, MOST)
    return [msgspec.convert(dict(row), PastDelivery) for row in reversed(rows)]
