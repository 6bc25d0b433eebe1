"""What a transaction decided to send: a message now, or a wake-up later. Values only, without Kafka and PostgreSQL.

`outbox` keeps the ones and `timers` the others, in the transaction that decided.
"""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

LARGEST_MESSAGE = 900_000
"""Bytes of a value that may be published: the broker's default limit for a batch is 1 MiB."""


class Outgoing(Struct, frozen=True):
    """A message to publish: `topic` is the logical name, the message key is `shop/key`, `id` is the effect key."""

    shop: str
    id: str
    topic: str
    key: str
    value: bytes


class Timer(Struct, frozen=True, gc=False):
    """A wake-up that is wanted at `due_at` (clock time) for `key` of `shop`. `timer_id` is unique in the shop."""

    shop: str
    key: str
    timer_id: str
    due_at: datetime
    run_id: str = ""
    turn: int = 0
    name: str = ""
    attempts: int = 0  # how often it was claimed before; only `claim_due` says it


class LeftBehind(Struct, frozen=True):
    """A row that nobody published in time; `number` is what `delete` takes."""

    number: int
    message: Outgoing


class Claim(NamedTuple):
    """Timers, the longest due first. `next_due` is when the next one is due or its lease ends; None: there is none."""

    timers: list[Timer]
    next_due: datetime | None
