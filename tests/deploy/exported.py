"""What Prometheus has of Relevo: the names of samples and their labels, from the declarations of metrics."""

from collections.abc import Collection, Sequence

from relevo_runtime.metric_types import declared
from relevo_runtime.metrics import Metrics

TARGET = {"job", "service", "instance"}
"""The labels that Prometheus gives to all that it reads of a process."""
LABELS = {
    sample: {label.name for label in metric.by} | TARGET | ({"le"} if sample.endswith("_bucket") else set())
    for metric in declared(Metrics)
    for sample in metric.samples
} | {"up": TARGET}
GROWING = {
    sample for metric in declared(Metrics) if metric.kind in {"counter", "histogram"} for sample in metric.samples
}


def asks_for_what_there_is(
    selections: Sequence[tuple[str, Collection[str]]], growing: Collection[str], grouped: Collection[str]
) -> None:
    """A query's metrics exist, with the labels that it chooses and groups by; only counters are asked for a rate."""
    assert selections
    for name, labels in selections:
        assert set(labels) <= LABELS[name], name
        assert set(grouped) <= LABELS[name], name
    assert set(growing) <= GROWING
