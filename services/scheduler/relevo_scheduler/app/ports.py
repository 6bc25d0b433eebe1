"""What the use cases need of the outside: due timers, the outbox, Kafka. `adapters` implement the tables."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from relevo_runtime.outgoing import Claim, LeftBehind, Timer
from relevo_runtime.records import Record


class DueTimers(Protocol):
    """The timers of all shops. Each call is a transaction of its own and raises what the database raises."""

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> Claim:
        """Up to `limit` timers that are due at `now`; nobody else gets them before `lease_until`."""
        ...

    async def unclaim(self, claimed: Sequence[Timer], back_at: datetime) -> None:
        """These were not published after all: the claim does not count, and it ends at `back_at`."""
        ...


class Outbox(Protocol):
    """The outboxes of all engines. Each call is a transaction of its own and raises what the database raises."""

    async def claim_left_behind(self, older_than: timedelta, limit: int) -> list[LeftBehind]:
        """Up to `limit` rows untouched for `older_than` of wall time; another claim leaves them alone for as long."""
        ...

    async def delete(self, numbers: Sequence[int]) -> None:
        """Kafka has these."""
        ...


class Publisher(Protocol):
    """Kafka, as the scheduler writes to it."""

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """Returns when Kafka has acknowledged all of these. Raises `PublishError`."""
        ...


class DeadLetters(Protocol):
    """Where messages go that Kafka never takes."""

    def count(self, shops: Iterable[str]) -> None:
        """Messages of these shops are handled, one item for each."""
        ...

    async def put(self, record: Record, reason: str) -> None:
        """Put `record` aside. Raises `PublishError`."""
        ...
