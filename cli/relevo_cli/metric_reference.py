"""The page of metrics: written from their declarations."""

from collections.abc import Sequence

from relevo_runtime.metric_types import MOST_CLOSED, MOST_SERIES, OTHER, Declared, Label, declared
from relevo_runtime.metrics import Metrics

_HEAD = f"""# Metrics

What `/metrics` of each service has beside the process's own (`process_…`), in Prometheus's text format; written by
`relevo docs` from `relevo_runtime.metrics`. A service exports all of them; those of other services stay 0 or empty.

Every metric has a bound on its series. The values of a closed label are known to the code; those of an open one come
with shops, workflows and webhooks. After {MOST_SERIES} combinations of labels a process counts what is new under
`{OTHER}` in the open labels, so a metric never has more than {MOST_SERIES + MOST_CLOSED + 1} series.
"""


def metric_reference() -> str:
    """The whole page."""
    metrics = declared(Metrics)
    rows = [_row(metric) for metric in metrics]
    table = "\n".join(["| metric | type | unit | labels | meaning |", "|---|---|---|---|---|", *rows])
    return f"{_HEAD}\n{table}\n\n## Labels\n\n{_labels(metrics)}\n"


def _row(metric: Declared[object]) -> str:
    labels = ", ".join(label.name for label in metric.by)
    return f"| `{metric.name}` | {metric.kind} | {metric.unit} | {labels} | {metric.meaning} |"


def _labels(metrics: Sequence[Declared[object]]) -> str:
    used: dict[Label, list[str]] = {}
    for metric in metrics:
        for label in metric.by:
            used.setdefault(label, []).append(f"`{metric.name}`")
    rows = [
        f"| `{label.name}` | {label.values or 'open'} | {label.meaning} | {', '.join(of)} |"
        for label, of in sorted(used.items(), key=lambda entry: entry[0].name)
    ]
    return "\n".join(["| label | values at most | meaning | metrics |", "|---|---|---|---|", *rows])
