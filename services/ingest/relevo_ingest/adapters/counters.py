"""Counts what was odd in what arrived, as metrics."""

from collections.abc import Sequence

from relevo_ingest.connectors.shopify.topics import is_known
from relevo_runtime.metrics import Metrics


class MetricCounters:
    """Tells the metrics. A header may name any topic: only those that Shopify has become labels."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def unrecognised(self, shop: str, topic: str, kind: str) -> None:
        """A genuine message has no event."""
        self._metrics.unrecognised.labels(shop, _label(topic), kind).inc()

    def left_out(self, shop: str, topic: str, notes: Sequence[str]) -> None:
        """Values of a message were not taken as they were sent."""
        self._metrics.values_left_out.labels(shop, _label(topic)).inc(len(notes))


def _label(topic: str) -> str:
    return topic if is_known(topic) else "other"
