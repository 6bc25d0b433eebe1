"""How much waits for each provider, and why: for metrics, for /readyz, and for what takes deliveries from Kafka."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from relevo_notifier.app.flow import Flow
from relevo_runtime.health import Health
from relevo_runtime.metrics import Metrics

_PAUSE = timedelta(seconds=15)


class Waiting(Struct, frozen=True):
    """Deliveries in the queue of a provider that are due, and those whose time has not come."""

    due: int
    later: int


class Queues(Protocol):
    """What counts them."""

    async def waiting(self, flows: Sequence[Flow], now: datetime) -> Mapping[str, Waiting]:
        """What waits in the queue of each provider."""
        ...


class QueueWatch:
    """Looks at the queues now and then. Above `most` due deliveries of a provider, Kafka has to wait."""

    def __init__(self, queues: Queues, flows: Sequence[Flow], health: Health, metrics: Metrics, most: int) -> None:
        self._queues = queues
        self._flows = flows
        self._health = health
        self._gauge = metrics.deliveries_waiting
        self._most = most
        self._full: frozenset[str] = frozenset()

    def is_full(self, provider: str) -> bool:
        """Whether more than enough waits for it."""
        return provider in self._full

    async def run_once(self, now: datetime) -> datetime:
        """Count, and tell. It says so without being bad: what waits is in good hands."""
        waiting = await self._queues.waiting(self._flows, now)
        for flow in self._flows:
            found = waiting.get(flow.name, Waiting(0, 0))
            reason = flow.kept_back_by(now)
            for name in ("rate", "provider", "turn"):
                self._gauge.labels(flow.name, name).set(found.due if name == (reason or "turn") else 0)
            self._gauge.labels(flow.name, "later").set(found.later)
            told = f"{found.due} messages wait: {flow.why}" if reason and found.due else ""
            self._health.set(f"queue of {flow.name}", True, told)
        self._full = frozenset(name for name, found in waiting.items() if found.due > self._most)
        return now + _PAUSE
