"""The page of results: charts that any numbers fit into, and nothing that is loaded, run or read as markup."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from relevo_cli.results.charts import HEIGHT, WIDTH, bars, columns, intervals
from relevo_cli.results.page import page
from relevo_control.app.results import FoundResults
from relevo_engine.core.results import Counted
from relevo_engine.core.statistics import rate

names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
numbers = st.integers(0, 10**9)
SVG = "{http://www.w3.org/2000/svg}"


def _drawn(svg: str) -> ElementTree.Element:
    assert svg.count("aria-label=") == 1
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


@given(st.lists(st.tuples(names, numbers, numbers), max_size=90))
def test_columns_stay_within_their_drawing(rows: list[tuple[str, int, int]]) -> None:
    drawn = _drawn(columns("<runs>", *([row[n] for row in rows] for n in range(3))))  # type: ignore[arg-type]
    found = [*drawn.iter(f"{SVG}rect")]
    assert len(found) == 2 * len(rows)
    for one in found:
        x, y, width, height = (float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= WIDTH + 0.2
        assert 0 <= y <= y + height <= HEIGHT
    heights = [float(one.attrib["height"]) for one in found[::2]]
    order = sorted(range(len(rows)), key=lambda n: rows[n][1])
    assert all(heights[one] <= heights[other] for one, other in pairwise(order))


@given(st.lists(st.tuples(names, numbers.map(float), names), max_size=30), st.lists(st.tuples(names, numbers, numbers)))
def test_bars_and_intervals_stay_within_their_drawings(
    rows: list[tuple[str, float, str]], rates: list[tuple[str, int, int]]
) -> None:
    for one in _drawn(bars("steps", rows)).iter(f"{SVG}rect"):
        assert 0 <= float(one.attrib["x"]) + float(one.attrib["width"]) <= WIDTH
    drawn = _drawn(intervals("rates", [(name, rate(min(a, b), max(a, b)), "x") for name, a, b in rates]))
    for one in drawn.iter(f"{SVG}line"):
        assert 0 <= float(one.attrib["x1"]) <= float(one.attrib["x2"]) <= WIDTH


def counts() -> list[Counted]:
    """A little of everything."""
    made = [
        ("started", "", "", "", 70), ("started", "holdout", "", "", 40), ("assigned", "price/low", "price/low", "", 70),
        ("reached", "price/low", "<b>step", "", 60), ("waited", "price/low", "<b>step", "3600", 50),
        ("ended", "price/low", "<b>step", "<script>", 20), ("goal", "price/low", "", "", 30),
        ("rated_nps", "price/low", "<b>step", "well/score/9", 5),
        ("chosen", "price/low", "<b>step", "well/why/price", 5),
    ]  # fmt: skip
    return [
        Counted(
            version="v1", variant=variant, day=date(2026, 3, 2), step=step, measure=measure, detail=detail,
            currency="EUR" if measure == "goal" else "", count=count, amount=Decimal(count), squares=Decimal(count),
        )
        for measure, variant, step, detail, count in made
    ]  # fmt: skip


def a_page() -> str:
    """The page of them."""
    return page(FoundResults(workflow="offer", shop="<tea>", since=date(2026, 3, 1), counts=counts(), tests=[]))


def test_the_page_needs_nothing_and_every_chart_has_its_numbers() -> None:
    shown = a_page()
    assert not re.search(r"<script|<b>|<tea>|src=|href=|url\(|@import|//", shown)
    assert "&lt;b&gt;step" in shown
    assert shown.count("<svg ") == shown.count("<table>") == 5


def test_without_counts_there_is_a_page_too() -> None:
    shown = page(FoundResults(workflow="offer", shop="tea", since=date(2026, 3, 1), counts=[], tests=[]))
    assert "0 started" in shown
    assert "<svg" not in shown
