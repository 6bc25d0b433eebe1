"""How a metric is declared: name, type, unit, labels and meaning in one place, with a bound on its series."""

from collections.abc import Callable, Sequence
from typing import Generic, Literal, TypeVar, overload

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

Unit = Literal[
    "seconds", "records", "requests", "messages", "calls", "shops", "partitions", "turns", "versions", "spans"
]
Kind = Literal["counter", "gauge", "histogram"]

PREFIX = "relevo_"
MOST_SERIES = 5000
"""How many combinations of its labels' values a metric keeps apart."""
MOST_CLOSED = 100
"""How many combinations the closed labels of a metric may have: these stay apart beyond `MOST_SERIES`."""
OTHER = "_other"
"""The value of an open label for all that came after `MOST_SERIES`. No shop, workflow or topic may be named so."""

M = TypeVar("M", Counter, Gauge, Histogram)
T_co = TypeVar("T_co", covariant=True)


class Label(Struct, frozen=True):
    """What a metric is told apart by. `values` is the number of values that the code itself knows; 0: it is open.

    How many shops, workflows or topics there are is the user's affair, so an open label is bounded by `MOST_SERIES`.
    """

    name: str
    meaning: str
    values: int = 0

    @property
    def open(self) -> bool:
        """Whether others than the code choose its values."""
        return self.values == 0


class Labelled(Generic[M]):
    """A metric with labels. It has `MOST_SERIES` + `MOST_CLOSED` + 1 series at most, whatever values come."""

    def __init__(self, metric: M, by: Sequence[Label]) -> None:
        self._metric: M = metric
        self._open = tuple(label.open for label in by)
        self._series: dict[tuple[str, ...], M] = {}

    def labels(self, *values: str) -> M:
        """The series of these values, in the order in which the labels are declared."""
        found = self._series.get(values)
        return self._bounded(values) if found is None else found

    def _bounded(self, values: tuple[str, ...]) -> M:
        if len(self._series) < MOST_SERIES:
            return self._kept(values)
        values = tuple(OTHER if open_ else value for value, open_ in zip(values, self._open, strict=True))
        if len(self._series) >= MOST_SERIES + MOST_CLOSED:
            values = (OTHER,) * len(values)
        return self._kept(values)

    def _kept(self, values: tuple[str, ...]) -> M:
        return self._series.setdefault(values, self._metric.labels(*values))


class Declared(Generic[T_co]):
    """A metric of a class: `Metrics.batch_seconds` is the declaration, `Metrics(…).batch_seconds` what counts."""

    def __init__(
        self,
        kind: Kind,
        unit: Unit,
        meaning: str,
        make: Callable[["Declared[T_co]", CollectorRegistry], T_co],
        by: Sequence[Label] = (),
    ) -> None:
        self.kind, self.unit, self.meaning, self.by = kind, unit, meaning, tuple(by)
        self._make = make
        self.attribute = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    @overload
    def __get__(self, instance: None, owner: type) -> "Declared[T_co]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T_co: ...
    def __get__(self, instance: object | None, owner: type) -> "Declared[T_co] | T_co":
        if instance is None:
            return self
        made: T_co = vars(instance)[self.attribute]  # reached by mypy alone: the instance's own attribute comes first
        return made

    @property
    def family(self) -> str:
        """The name as code declares it, without what Prometheus appends."""
        return PREFIX + self.attribute

    @property
    def name(self) -> str:
        """The name under which it is exported (of a histogram: the stem)."""
        return f"{self.family}_total" if self.kind == "counter" else self.family

    @property
    def samples(self) -> tuple[str, ...]:
        """The names that a query may use."""
        return (
            tuple(self.name + end for end in ("_bucket", "_sum", "_count"))
            if self.kind == "histogram"
            else (self.name,)
        )

    def make(self, registry: CollectorRegistry) -> T_co:
        """Register it and return what counts."""
        return self._make(self, registry)


def declared(owner: type) -> tuple[Declared[object], ...]:
    """All metrics that a class declares, in its order."""
    return tuple(value for value in vars(owner).values() if isinstance(value, Declared))


def counter(unit: Unit, meaning: str) -> Declared[Counter]:
    """A metric that only grows."""
    return Declared("counter", unit, meaning, lambda one, into: Counter(one.family, meaning, registry=into))


def counters(unit: Unit, meaning: str, *by: Label) -> Declared[Labelled[Counter]]:
    """A counter for each combination of labels."""
    names = [label.name for label in by]
    return Declared(
        "counter", unit, meaning, lambda one, into: Labelled(Counter(one.family, meaning, names, registry=into), by), by
    )


def gauge(unit: Unit, meaning: str) -> Declared[Gauge]:
    """A metric that goes up and down."""
    return Declared("gauge", unit, meaning, lambda one, into: Gauge(one.family, meaning, registry=into))


def gauges(unit: Unit, meaning: str, *by: Label) -> Declared[Labelled[Gauge]]:
    """A gauge for each combination of labels."""
    names = [label.name for label in by]
    return Declared(
        "gauge", unit, meaning, lambda one, into: Labelled(Gauge(one.family, meaning, names, registry=into), by), by
    )


def histogram(unit: Unit, meaning: str, buckets: Sequence[float]) -> Declared[Histogram]:
    """A distribution, with the upper bounds of its buckets."""
    return Declared(
        "histogram", unit, meaning, lambda one, into: Histogram(one.family, meaning, buckets=buckets, registry=into)
    )


def histograms(unit: Unit, meaning: str, buckets: Sequence[float], *by: Label) -> Declared[Labelled[Histogram]]:
    """A distribution for each combination of labels."""
    names = [label.name for label in by]
    return Declared(
        "histogram",
        unit,
        meaning,
        lambda one, into: Labelled(Histogram(one.family, meaning, names, buckets=buckets, registry=into), by),
        by,
    )
