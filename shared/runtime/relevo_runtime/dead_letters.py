"""Dead letters: what can never be processed is put aside with its reason, and there is a ceiling to that."""

import logging
import re
from collections import Counter
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
_MOST_CAUSES = 2000
_LONGEST_CAUSE = 100
_VARYING = re.compile(r"\d+|'[^']*'|\"[^\"]*\"|`\$[^`]*`")
_LARGEST_VALUE = 600_000  # bytes; base64 in JSON makes them 800,000, which Kafka still takes
_encode = msgspec.json.Encoder().encode


class DeadLetterSink(Protocol):
    """Where dead letters go."""

    async def put(self, record: "Record", reason: str) -> None:
        """Put `record` aside."""
        ...


class Ceiling:
    """Counts records and dead letters, by shop and cause, over the last `window` records or more.

    A shop with more than `allowed` dead letters for one cause is over the ceiling, which is its own matter. It is the
    service's, with which something is wrong then, if `shops` of them are, and more than `ratio` of all records failed
    for that cause.
    """

    def __init__(self, ratio: float, window: int = 1000, allowed: int = 20, shops: int = 3) -> None:
        self.ratio = ratio
        self.window = window
        self.allowed = allowed
        self.shops = shops
        self._seen = [0, 0]  # in this window, in the one before
        self._failed: list[Counter[tuple[str, str]]] = [Counter(), Counter()]

    @property
    def seen(self) -> int:
        """Records in the window."""
        return sum(self._seen)

    @property
    def failed(self) -> int:
        """Dead letters in the window."""
        return sum(self._failed[0].values()) + sum(self._failed[1].values())

    def count(self, records: int) -> None:
        """So many records were handled, well or not."""
        if self._seen[0] >= self.window:
            self._seen, self._failed = [0, self._seen[0]], [Counter(), self._failed[0]]
        self._seen[0] += records

    def fail(self, shop: str, cause: str) -> bool:
        """One more dead letter of `shop`; True if too many shops are over the ceiling for this cause."""
        if len(self._failed[0]) >= _MOST_CAUSES and (shop, cause) not in self._failed[0]:
            shop, cause = "", ""  # the memory is bounded, whatever comes
        self._failed[0][shop, cause] += 1
        counts = self._by_shop(cause)
        over = sum(count > self.allowed for count in counts.values())
        return over >= self.shops and counts.total() > self.ratio * self.seen

    def over(self, shop: str, cause: str) -> bool:
        """Whether `shop` is over the ceiling for this cause."""
        return self._failed[0][shop, cause] + self._failed[1][shop, cause] > self.allowed

    def _by_shop(self, cause: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        for failed in self._failed:
            for (shop, why), count in failed.items():
                if why == cause:
                    counts[shop] += count
        return counts


def cause_of(reason: str) -> str:
    """The kind of a failure: its reason without what differs from one record to the next."""
    return _VARYING.sub("…", reason)[:_LONGEST_CAUSE]


def shop_of(key: bytes) -> str:
    """The shop of a record, from its key `shop/key`."""
    return key.partition(b"/")[0].decode(errors="replace")[:_LONGEST_CAUSE]


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
        self.too_many: TooManyDeadLetters | None = None
        self._over: set[str] = set()

    def count(self, records: int) -> None:
        """So many records were handled: what the ceiling's share is a share of."""
        self.ceiling.count(records)

    async def put(self, record: "Record", reason: str) -> None:
        """Put `record` aside. Raises `PublishError`.

        `too_many` says afterwards whether the service should stop: its batch is committed first, with its dead letters,
        so that none is buried twice.
        """
        shop, cause = shop_of(record.key), cause_of(reason)
        defect, was_over = self.ceiling.fail(shop, cause), shop in self._over
        if self.ceiling.over(shop, cause) and not was_over and len(self._over) < _MOST_CAUSES:
            self._over.add(shop)
            _log.error("%s: shop %s is over the ceiling of dead letters: %s", self._service, shop, reason)
        if defect and self.too_many is None:
            self.too_many = TooManyDeadLetters(self._service, self.ceiling.failed, self.ceiling.seen, reason)
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
