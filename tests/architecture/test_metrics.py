"""Metrics: each is declared once, used, named by its unit, listed in docs/metrics.md, and has a bound on its series."""

import re
from itertools import product
from math import prod
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter

from relevo_runtime.metric_types import MOST_CLOSED, MOST_SERIES, OTHER, Declared, Label, Labelled, declared
from relevo_runtime.metrics import Metrics

ROOT = Path(__file__).parents[2]
ALL = declared(Metrics)
SHOP, STATUS = Label("shop", "open"), Label("status", "closed", values=3)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_a_declaration_names_the_unit_and_has_few_closed_combinations(metric: Declared[object]) -> None:
    assert metric.meaning.endswith(".")
    assert re.fullmatch(r"relevo_[a-z]+(_[a-z]+)*", metric.name)
    assert (metric.unit == "seconds") == metric.name.endswith("_seconds")
    assert prod(label.values for label in metric.by if not label.open) <= MOST_CLOSED
    assert len({label.name for label in metric.by}) == len(metric.by)


def test_what_is_exported_is_what_is_declared() -> None:
    exported = {family.name: family.type for family in Metrics("any").registry.collect()}
    own = {name: kind for name, kind in exported.items() if not name.startswith("process_")}
    assert own == {metric.family: metric.kind for metric in ALL}


def test_each_metric_is_counted_somewhere() -> None:
    sources = [path.read_text() for folder in ("shared", "services", "cli") for path in (ROOT / folder).rglob("*.py")]
    text = "\n".join(sources)
    assert [metric.attribute for metric in ALL if not re.search(rf"metrics\.{metric.attribute}\b", text)] == []


def test_no_metric_is_made_elsewhere() -> None:
    library = re.compile(r"^\s*(from|import) prometheus_client", re.MULTILINE)
    folders = [ROOT / name for name in ("shared", "services", "cli", "deploy", "clients")]
    users = {path.name for folder in folders for path in folder.rglob("*.py") if library.search(path.read_text())}
    assert users == {"metrics.py", "metric_types.py"}


@given(st.lists(st.tuples(st.text(min_size=1, max_size=3), st.sampled_from(["200", "404", "503"])), max_size=30))
def test_below_the_bound_all_series_are_kept_apart(values: list[tuple[str, str]]) -> None:
    registry = CollectorRegistry()
    counted = Labelled(Counter("any", "Any.", ["shop", "status"], registry=registry), [SHOP, STATUS])
    for shop, status in values:
        counted.labels(shop, status).inc()
    for shop, status in values:
        assert registry.get_sample_value("any_total", {"shop": shop, "status": status}) == values.count((shop, status))


def test_beyond_the_bound_open_labels_are_summed_up_and_closed_ones_stay() -> None:
    registry = CollectorRegistry()
    counted = Labelled(Counter("any", "Any.", ["shop", "status"], registry=registry), [SHOP, STATUS])
    shops = [f"shop{number}" for number in range(MOST_SERIES)]
    for shop, status in product(shops, ["200", "404", "503"]):
        counted.labels(shop, status).inc()
    other = [registry.get_sample_value("any_total", {"shop": OTHER, "status": one}) for one in ("200", "404", "503")]
    kept = -(-MOST_SERIES // 3)
    assert sum(value or 0 for value in other) == 3 * MOST_SERIES - MOST_SERIES
    assert other[0] == MOST_SERIES - kept


def test_no_values_make_more_series_than_the_bound() -> None:
    registry = CollectorRegistry()
    counted = Labelled(Counter("any", "Any.", ["shop", "status"], registry=registry), [SHOP, STATUS])
    for number in range(3 * MOST_SERIES):
        counted.labels(f"shop{number}", f"not a status {number}").inc()
    [family] = registry.collect()
    totals = [sample for sample in family.samples if sample.name == "any_total"]
    assert len(totals) == MOST_SERIES + MOST_CLOSED + 1
    assert sum(sample.value for sample in totals) == 3 * MOST_SERIES
