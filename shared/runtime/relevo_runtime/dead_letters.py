"""Dead letters: what can never be processed is put aside with its reason, and there is a ceiling to that."""

import logging
from typing import TYPE_CHECKING, Protocol

import msgspec

from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import DEAD_LETTERS
from relevo_runtime.clock import Clock
from relevo_runtime.errors import TooManyDeadLetters
from relevo_runtime.metrics import Metrics

if TYPE_CHECKING:
    from relevo_runtime.kafka.publisher import Publisher
    from relevo_runtime.kafka.record import Record

_log = logging.getLogger(__name__)
_LARGEST_VALUE = 600_000  # bytes; base64 in JSON makes them 800,000, which Kafka still takes
_encode = msgspec.json.Encoder().encode


class DeadLetterSink(Protocol):
    """Where dead letters go."""

    async def put(self, record: "Record", reason: str) -> None:
        """Put `record` aside."""
        ...


class Ceiling:
    """Counts records and dead letters over the last `window` records or more; a few failures are never too many."""

    def __init__(self, ratio: float, window: int = 1000, allowed: int = 20) -> None:
        self.ratio = ratio
        self.window = window
        self.allowed = allowed
        self._now = [0, 0]  # seen, failed
        self._before = [0, 0]

    @property
    def seen(self) -> int:
        """Records in the window."""
        return self._now[0] + self._before[0]

    @property
    def failed(self) -> int:
        """Dead letters in the window."""
        return self._now[1] + self._before[1]

    def count(self, records: int) -> None:
        """So many records were handled, well or not."""
        if self._now[0] >= self.window:
            self._before, self._now = self._now, [0, 0]
        self._now[0] += records

    def fail(self) -> bool:
        """One more dead letter; True if that is too many."""
        self._now[1] += 1
        return self.failed > self.allowed and self.failed > self.ratio * self.seen


class DeadLetters:
    """Puts records on `relevo.dead-letters` with origin and reason, enough to look at them and to send them again."""

    def __init__(
        self, publisher: "Publisher", *, service: str, ratio: float, clock: Clock, metrics: Metrics | None = None
    ) -> None:
        self._publisher = publisher
        self._service = service
        self._clock = clock
        self._metrics = metrics
        self.ceiling = Ceiling(ratio)

    def count(self, records: int) -> None:
        """So many records were handled: what the ceiling's share is a share of."""
        self.ceiling.count(records)

    async def put(self, record: "Record", reason: str) -> None:
        """Put `record` aside. Raises `TooManyDeadLetters` instead if that would pass the ceiling, or `PublishError`."""
        if self.ceiling.fail():
            raise TooManyDeadLetters(self._service, self.ceiling.failed, self.ceiling.seen, reason)
        if len(record.value) > _LARGEST_VALUE:
            reason = f"{reason} (the value of {len(record.value)} bytes is cut)"
        letter = DeadLetter(
            id=f"{self._service}/{record.topic}/{record.partition}/{record.offset}",
            service=self._service,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=reason,
            at=self._clock.now(),
            key=record.key.decode(errors="replace"),
            value=record.value[:_LARGEST_VALUE],
        )
        await self._publisher.publish(DEAD_LETTERS, [(record.key, _encode(letter))])
        if self._metrics is not None:
            self._metrics.dead_letters.labels(record.topic).inc()
        _log.error("dead letter %s: %s", letter.id, reason)
