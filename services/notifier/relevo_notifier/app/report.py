"""Writing down how attempts ended, and telling the rest of the system."""

from collections.abc import Sequence

import msgspec
import structlog
from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.messages import DeliveryOutcome
from relevo_contracts.topics import OUTCOMES
from relevo_notifier.adapters.deliveries import Deliveries
from relevo_notifier.app.batches import Batches
from relevo_notifier.core.work import Settled
from relevo_runtime.clock import Clock
from relevo_runtime.kafka import Publisher
from relevo_runtime.metrics import Metrics

_log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(DeliveryOutcome).decode


class Report(Struct, frozen=True):
    """An outcome to publish: its delivery's row, and the message with its key."""

    ref: tuple[str, str]
    key: bytes
    value: bytes

    @classmethod
    def again(cls, shop: str, delivery: str, outcome: bytes) -> "Report":
        """A report that is in the table and may not have got through."""
        return cls((shop, delivery), partition_key(shop, _decode(outcome).key), outcome)


class Settle:
    """The handler of ended attempts: one transaction, then the reports of what is final."""

    def __init__(self, deliveries: Deliveries, reports: Batches[Report], clock: Clock, metrics: Metrics) -> None:
        self._counter = metrics.deliveries
        self._deliveries = deliveries
        self._reports = reports
        self._clock = clock

    async def __call__(self, settled: Sequence[Settled]) -> None:
        """Commit, then pass the reports on. What another instance has taken over meanwhile is left to it."""
        written = await self._deliveries.settle(settled, self._clock.now())
        for item in settled:
            delivery = item.work.delivery
            if item.work.ref not in written:
                _log.warning("taken_over", shop=delivery.shop, delivery=delivery.id, state=item.state)
                continue
            if item.state != "sent":
                ids = {"shop": delivery.shop, "key": delivery.key, "run": delivery.run_id, "delivery": delivery.id}
                _log.info("not_sent", state=item.state, reason=item.reason, **ids)
            self._counter.labels(delivery.channel, item.state).inc()
            if item.outcome is not None:
                key = partition_key(delivery.shop, delivery.key)
                await self._reports.put(Report(item.work.ref, key, item.outcome))


class Publish:
    """The handler of reports: Kafka, and then the table forgets them."""

    def __init__(self, publisher: Publisher, deliveries: Deliveries) -> None:
        self._publisher = publisher
        self._deliveries = deliveries

    async def __call__(self, reports: Sequence[Report]) -> None:
        """Publish, all acknowledged, then commit that they were. A crash between the two publishes them again."""
        await self._publisher.publish(OUTCOMES, [(report.key, report.value) for report in reports])
        await self._deliveries.reported([report.ref for report in reports])
