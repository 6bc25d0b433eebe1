"""Choices that a user of the chart makes, and few sets of values in which every two of them meet."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

Choice = tuple[str, object]
"""A value by its path with dots, and what it is set to."""

CHOICES: Mapping[str, Sequence[object]] = {
    "fullnameOverride": ["", "shop-flows"],
    "runAsUser": [65532, None],
    "stopTimeout": [20, 300],
    "serviceAccount.create": [True, False],
    "image.pullSecrets": [[], [{"name": "registry"}]],
    "kafka.password.secret": ["", "kafka-user"],
    "kafka.token.secret": ["", "kafka-token"],
    "kafka.ca.secret": ["", "kafka-ca"],
    "kafka.certificate.secret": ["", "kafka-client"],
    "postgres.roles": [{}, {"engine": {"secret": "engine"}, "migration": {"secret": "owner"}}],
    "postgres.ca.secret": ["", "db-ca"],
    "postgres.certificate.secret": ["", "db-client"],
    "migration.enabled": [True, False],
    "migration.roles": [False, True],
    "ingest.enabled": [True, False],
    "ingest.replicas": [2, 1],
    "ingest.autoscaling.by": ["none", "cpu"],
    "poller.enabled": [False, True],
    "engine.enabled": [True, False],
    "engine.tasks": [False, True],
    "engine.autoscaling.by": ["none", "cpu", "lag"],
    "engine.autoscaling.triggerAuthentication": ["", "kafka"],
    "scheduler.replicas": [2, 1],
    "notifier.feedback": [False, True],
    "notifier.inbox": [False, True],
    "notifier.autoscaling.by": ["none", "cpu", "lag"],
    "control.enabled": [False, True],
    "command.enabled": [False, True],
    "ingress.enabled": [False, True],
    "ingress.controlHost": ["", "control.example.com"],
    "ingress.tlsSecret": ["", "relevo-tls"],
    "ingress.controlTlsSecret": ["", "control-tls"],
    "gateway.enabled": [False, True],
    "gateway.controlHost": ["", "control.example.com"],
    "networkPolicy.enabled": [True, False],
    "networkPolicy.web.from": [[], [{"podSelector": {}}]],
    "serviceMonitor.enabled": [False, True],
    "networkPolicy.metrics.from": [[], [{"namespaceSelector": {}}]],
    "dashboards.enabled": [False, True],
    "prometheusRule.enabled": [False, True],
}


def pairwise(choices: Mapping[str, Sequence[object]]) -> Iterator[dict[str, object]]:
    """Sets of values, one for each path, so that every two values of two paths are together in one of them."""
    missing = {
        (one, i, other, j)
        for one, other in combinations(choices, 2)
        for i, j in product(range(len(choices[one])), range(len(choices[other])))
    }
    while missing:
        row: dict[str, int] = {}
        one, i, other, j = min(missing)
        row |= {one: i, other: j}
        for path in choices:
            if path not in row:
                row[path] = max(range(len(choices[path])), key=lambda n: _new(missing, row, path, n))
        missing -= {pair for pair in missing if row[pair[0]] == pair[1] and row[pair[2]] == pair[3]}
        yield {path: choices[path][n] for path, n in row.items()}


def _new(missing: set[tuple[str, int, str, int]], row: Mapping[str, int], path: str, n: int) -> int:
    """How many pairs that no set has yet `path` would make, set to its value `n`."""
    return sum((a, i, path, n) in missing or (path, n, a, i) in missing for a, i in row.items())


def nested(values: Mapping[str, object]) -> dict[str, object]:
    """Values by paths with dots, as a document."""
    document: dict[str, object] = {}
    for path, value in values.items():
        *folders, name = path.split(".")
        place: dict[str, object] = document
        for folder in folders:
            inner = place.setdefault(folder, {})
            assert isinstance(inner, dict)
            place = inner
        place[name] = value
    return document
