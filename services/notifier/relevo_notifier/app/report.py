"""Writing down how attempts ended, and telling the rest of the system."""

from collections.abc import Sequence
from typing import Generic

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


class _Addressed(Struct, frozen=True):
    """What every report says: whom it is about."""

    key: str


_addressed = msgspec.json.Decoder(_Addressed).decode


_WELL = {"sent", "answered"}


class Report(Struct, frozen=True):
    """An outcome to publish: the row that it is about, and the message with its key."""

    ref: tuple[str, str]
    key: bytes
    value: bytes

    @classmethod
    def again(cls, shop: str, id_: str, outcome: bytes) -> "Report":
        """A report that is in the table and may not have got through."""
        return cls((shop, id_), partition_key(shop, _addressed(outcome).key), outcome)


class Settle(Generic[R]):
    """The handler of ended attempts: one transaction, then the reports of what is final."""

    def __init__(self, ledger: Ledger[R], reports: Batcher[Report], clock: Clock, metrics: Metrics) -> None:
        self._counter = metrics.deliveries
        self._ledger = ledger
        self._reports = reports
        self._clock = clock

    async def __call__(self, settled: Sequence[R]) -> None:
        """Commit, then pass the reports on. What another instance has taken over meanwhile is left to it."""
        written = await self._ledger.settle(settled, self._clock.now())
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


class Publish(Generic[R]):
    """The handler of reports: Kafka, and then the table forgets them."""

    def __init__(self, publisher: ReportPublisher, topic: str, ledger: Ledger[R]) -> None:
        self._publisher = publisher
        self._topic = topic
        self._ledger = ledger

    async def __call__(self, reports: Sequence[Report]) -> None:
        """Publish, all acknowledged, then commit that they were. A crash between the two publishes them again."""
        await self._publisher.publish(self._topic, [(report.key, report.value) for report in reports])
        await self._ledger.reported([report.ref for report in reports])

    async def give_up(self, report: Report, error: Exception) -> None:
        """A report that Kafka will never take is not tried for ever."""
        if isinstance(error, MessageTooLarge):
            await self._ledger.reported([report.ref])
