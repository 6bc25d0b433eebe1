"""Dead letters: what can never be processed is put aside with its reason, and there is a ceiling to that."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import DEAD_LETTERS, WAKEUPS
from relevo_runtime.clock import Clock
from relevo_runtime.errors import TooManyDeadLetters
from relevo_runtime.metrics import Metrics
from relevo_runtime.pauses import MOVED, Pauses

if TYPE_CHECKING:
    from relevo_runtime.kafka.publisher import Publisher
    from relevo_runtime.records import Record

_log = logging.getLogger(__name__)
_MOST_CAUSES = 2000
_LONGEST_CAUSE = 100
_VARYING = re.compile(r"\d+|'[^']*'|\"[^\"]*\"|`\$[^`]*`")
_PARKED_AT_ONCE = 100
PAUSED = "shop paused: "
"""How the reason of a dead letter begins whose own message did not fail."""
_LARGEST_VALUE = 600_000  # bytes; base64 in JSON makes them 800,000, which Kafka still takes
_encode = msgspec.json.Encoder().encode


class Ceiling:
    """Counts records and dead letters, by shop and cause, over the last `window` records or more.

    A shop is over the ceiling if it has more than `allowed` dead letters for one cause, and they are more than `ratio`
    of its records. That is its own matter. It is the service's, with which something is wrong then, if `shops` of them
    have so many, and more than `ratio` of all records failed for that cause.
    """

    def __init__(self, ratio: float, window: int = 1000, allowed: int = 20, shops: int = 3) -> None:
        self.ratio = ratio
        self.window = window
        self.allowed = allowed
        self.shops = shops
        self._seen: list[Counter[str]] = [Counter(), Counter()]  # by shop; in this window, in the one before
        self._total = [0, 0]
        self._failed: list[Counter[tuple[str, str]]] = [Counter(), Counter()]

    @property
    def seen(self) -> int:
        """Records in the window."""
        return sum(self._total)

    @property
    def failed(self) -> int:
        """Dead letters in the window."""
        return sum(failed.total() for failed in self._failed)

    def count(self, shops: Iterable[str]) -> None:
        """Records of these shops were handled, well or not: one item for each record."""
        if self._total[0] >= self.window:
            self._total = [0, self._total[0]]
            self._seen, self._failed = [Counter(), self._seen[0]], [Counter(), self._failed[0]]
        records = Counter(shops)
        self._total[0] += records.total()
        self._seen[0] += records  # bounded: a window, and one batch more

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
        failed = sum(counts[shop, cause] for counts in self._failed)
        seen = sum(counts[shop] for counts in self._seen)
        return failed > self.allowed and failed > self.ratio * seen

    def forget(self, shop: str) -> None:
        """What failed of `shop` so far counts no more."""
        for failed in self._failed:
            for place in [place for place in failed if place[0] == shop]:
                del failed[place]

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
    """Puts records on `relevo.dead-letters` with origin and reason, enough to look at them and to send them again.

    With `pauses`, a shop that passes the ceiling is paused: `paused` says whose further records are to be `park`ed.
    """

    def __init__(
        self,
        publisher: "Publisher",
        *,
        service: str,
        ratio: float,
        clock: Clock,
        metrics: Metrics | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        self._publisher = publisher
        self._service = service
        self._clock = clock
        self._metrics = metrics
        self._pauses = pauses
        self.ceiling = Ceiling(ratio)
        self.too_many: TooManyDeadLetters | None = None

    def count(self, shops: Iterable[str]) -> None:
        """Records of these shops are handled, one item for each: what the ceiling's share is a share of."""
        self.ceiling.count(shops)

    async def put(self, record: "Record", reason: str) -> None:
        """Put `record` aside. Raises `PublishError`.

        `too_many` says afterwards whether the service should stop: its batch is committed first, with its dead letters,
        so that none is buried twice. One that was sent again counts for nothing: somebody tries whether it works now.
        """
        await self._publish([(record, reason)])
        if self._metrics is not None:
            self._metrics.dead_letters.labels(record.topic).inc()
        _log.error("dead letter %s: %s", self._id(record), reason)
        if record.origin is None:
            self._judge(shop_of(record.key), reason)

    def paused(self, record: "Record") -> bool:
        """Whether `record` is to be parked. One that was sent again passes: it is how to find out, and to catch up."""
        return record.origin is None and self.any_paused and shop_of(record.key) in self._paused

    @property
    def any_paused(self) -> bool:
        """Whether any shop is paused."""
        return bool(self._paused)

    async def park(self, records: "Sequence[Record]") -> None:
        """Put records of paused shops aside. Raises `PublishError`; may be repeated.

        Wake-ups are only passed over: their timers are still there, so they come again, during the pause and after it.
        """
        records = [record for record in records if record.topic != WAKEUPS]
        for place in range(0, len(records), _PARKED_AT_ONCE):
            some = records[place : place + _PARKED_AT_ONCE]
            causes = [self._paused.get(shop_of(record.key), "") for record in some]
            await self._publish([(r, f"{PAUSED}{cause}") for r, cause in zip(some, causes, strict=True)])
        if self._metrics is not None:
            for topic, count in Counter(record.topic for record in records).items():
                self._metrics.records_parked.labels(topic).inc(count)

    async def keep_pauses(self) -> None:
        """Before a commit: who was paused is paused after a restart as well. Raises what the database raises."""
        if self._pauses is not None and self._pauses.unsaved:
            await self._pauses.save(self._clock.now())

    async def follow_pauses(self) -> None:
        """Learn who was paused by other processes, and who goes on again. Raises what the database raises."""
        if self._pauses is not None:
            for shop in await self._pauses.refresh(self._clock.now()):
                self.ceiling.forget(shop)
                _log.warning("%s: shop %s goes on again", self._service, shop)
        if self._metrics is not None:
            wrong = sum(cause != MOVED for cause in self._paused.values())
            self._metrics.shops_paused.labels(self._service).set(wrong)

    @property
    def paused_shops(self) -> str:
        """Who is paused and why, for people; empty if nobody is."""
        return "; ".join(f"shop {shop} is paused: {cause}" for shop, cause in sorted(self._paused.items()))

    @property
    def _paused(self) -> Mapping[str, str]:
        return self._pauses.shops if self._pauses is not None else {}

    def _judge(self, shop: str, reason: str) -> None:
        cause = cause_of(reason)
        defect = self.ceiling.fail(shop, cause)
        if self._pauses is not None and shop not in self._paused and self.ceiling.over(shop, cause):
            self._pauses.pause(shop, cause)
            _log.error("%s: shop %s is paused, since too many of its messages failed: %s", self._service, shop, reason)
        if defect and self.too_many is None:
            self.too_many = TooManyDeadLetters(self._service, self.ceiling.failed, self.ceiling.seen, reason)

    async def _publish(self, failed: "Sequence[tuple[Record, str]]") -> None:
        letters = [(record.key, _encode(self._letter(record, reason))) for record, reason in failed]
        await self._publisher.publish(DEAD_LETTERS, letters)

    def _letter(self, record: "Record", reason: str) -> DeadLetter:
        # Sealed as it came: under a new key it would outlive the person's erasure.
        value = record.sealed or record.value
        if len(value) > _LARGEST_VALUE:
            reason = f"{reason} (the value of {len(record.value)} bytes is {'left out' if record.sealed else 'cut'})"
            value = b"" if record.sealed else value[:_LARGEST_VALUE]
        partition, offset = record.origin or (record.partition, record.offset)
        return DeadLetter(
            id=self._id(record),
            service=self._service,
            topic=record.topic,
            partition=partition,
            offset=offset,
            reason=reason,
            at=self._clock.now(),
            key=record.key.decode(errors="replace"),
            value=value,
        )

    def _id(self, record: "Record") -> str:
        """One that was sent again and fails again is the same dead letter."""
        partition, offset = record.origin or (record.partition, record.offset)
        return f"{self._service}/{record.topic}/{partition}/{offset}"
