"""Writing down how attempts ended, and telling the rest of the system."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeAlias

import msgspec
import structlog
from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_notifier.app.batcher import Batcher
from relevo_notifier.app.ports import Ledger, R, ReportPublisher
from relevo_runtime.clock import Clock
from relevo_runtime.errors import MessageTooLarge
from relevo_runtime.metrics import Metrics

_log = structlog.get_logger(__name__)


Ref: TypeAlias = tuple[str, str]
"""The primary key of a row: a shop and an id."""


class _Addressed(Struct, frozen=True):
    """What every report says: whom it is about."""

    key: str


_addressed = msgspec.json.Decoder(_Addressed).decode


_WELL = {"sent", "answered"}


class Report(Struct, frozen=True):
    """An outcome to publish: the row that it is about, and the message with its key."""

    ref: Ref
    key: bytes
    value: bytes

    @classmethod
    def again(cls, shop: str, id_: str, outcome: bytes) -> "Report":
        """A report that is in the table and may not have got through."""
        return cls((shop, id_), partition_key(shop, _addressed(outcome).key), outcome)


class Published:
    """Whose reports Kafka has, until that is written down. `then` is called when there are more."""

    def __init__(self) -> None:
        self.then: Callable[[], None] = _nothing
        self._refs: list[Ref] = []

    def add(self, refs: Iterable[Ref]) -> None:
        """Kafka has the reports of these."""
        self._refs.extend(refs)
        self.then()

    def take(self) -> list[Ref]:
        """All that are to be written down, for who does it."""
        refs, self._refs = self._refs, []
        return refs

    def give_back(self, refs: Iterable[Ref]) -> None:
        """They could not be written down."""
        self._refs.extend(refs)


def _nothing() -> None:
    return None


class Settle(Generic[R]):
    """The handler of ended attempts: one statement, then the reports of what is final.

    The same statement says of which earlier ones Kafka has the reports, which costs next to nothing that way.
    """

    def __init__(
        self, ledger: Ledger[R], reports: Batcher[Report], published: Published, clock: Clock, metrics: Metrics
    ) -> None:
        self._counter = metrics.deliveries
        self._ledger = ledger
        self._reports = reports
        self._published = published
        self._clock = clock

    async def flush(self) -> None:
        """Write down by itself whose reports Kafka has."""
        await self([])

    async def __call__(self, settled: Sequence[R]) -> None:
        """Commit, then pass the reports on. What another instance has taken over meanwhile is left to it."""
        published = self._published.take()
        if not settled and not published:
            return  # another call has written it
        try:
            written = await self._ledger.settle(settled, self._clock.now(), published)
        except BaseException:
            self._published.give_back(published)
            raise
        for item in settled:
            command = item.work.command
            if item.work.ref not in written:
                _log.warning("taken_over", shop=command.shop, id=command.id, state=item.state)
                continue
            if item.state not in _WELL:
                ids = {"shop": command.shop, "key": command.key, "run": command.run_id, "id": command.id}
                tell = _log.warning if item.state in ("failed", "in_doubt") else _log.info
                tell("not_done", workers=item.work.channel, state=item.state, reason=item.reason, **ids)
            self._counter.labels(item.work.channel, item.state).inc()
            if item.outcome is not None:
                key = partition_key(command.shop, command.key)
                await self._reports.put(Report(item.work.ref, key, item.outcome))


class Publish:
    """The handler of reports: Kafka, and then the table may forget them."""

    def __init__(self, publisher: ReportPublisher, topic: str, published: Published) -> None:
        self._publisher = publisher
        self._topic = topic
        self._published = published

    async def __call__(self, reports: Sequence[Report]) -> None:
        """Publish, all acknowledged. A crash before that is written down publishes them again."""
        await self._publisher.publish(self._topic, [(report.key, report.value) for report in reports])
        self._published.add(report.ref for report in reports)

    async def give_up(self, report: Report, error: Exception) -> None:
        """A report that Kafka will never take is not tried for ever."""
        if isinstance(error, MessageTooLarge):
            self._published.add([report.ref])
