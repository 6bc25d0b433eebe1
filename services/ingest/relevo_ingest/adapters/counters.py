"""Counts what was malformed in what arrived, and who opened and clicked messages, as metrics."""

from collections.abc import Sequence

from relevo_runtime.metrics import Metrics


class MetricCounters:
    """Counts as metrics. The topics become labels: the caller gives such alone as a platform has."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def unrecognised(self, shop: str, topic: str, kind: str) -> None:
        """A genuine message has no event."""
        self._metrics.unrecognised.labels(shop, topic, kind).inc()

    def left_out(self, shop: str, topic: str, notes: Sequence[str]) -> None:
        """Values of a message were not taken as they were sent."""
        self._metrics.values_left_out.labels(shop, topic).inc(len(notes))

    def hit(self, shop: str, kind: str) -> None:
        """A message was opened, clicked or scanned."""
        self._metrics.link_hits.labels(shop, kind).inc()

    def hits_lost(self, reason: str, number: int) -> None:
        """So many openings and clicks could not be recorded."""
        self._metrics.link_hits_lost.labels(reason).inc(number)

    def polled(self, shop: str, resource: str, records: int) -> None:
        """A page of a list of the shop was read."""
        self._metrics.records_polled.labels(shop, resource).inc(records)

    def poll_failed(self, shop: str) -> None:
        """A turn of asking the shop failed."""
        self._metrics.poll_failures.labels(shop).inc()
