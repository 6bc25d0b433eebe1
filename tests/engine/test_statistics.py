"""Intervals against published figures, and what holds for any counts."""

from datetime import date
from decimal import Decimal
from math import isclose, isfinite

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_engine.core.result_report import report
from relevo_engine.core.results import HOLDOUT, Counted
from relevo_engine.core.statistics import Sample, difference_of_means, difference_of_rates, rate

counts = st.integers(0, 5000).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases)))


@pytest.mark.parametrize(
    ("successes", "cases", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_rates_are_those_of_newcombes_table(successes: int, cases: int, low: float, high: float) -> None:
    """Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3."""
    found = rate(successes, cases)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_differences_of_rates_are_those_of_newcombes_table(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe, Interval estimation for the difference between independent proportions, 1998, table II, method 10."""
    found = difference_of_rates(*one, *other)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(one=counts, other=counts)
def test_a_difference_lies_within_its_interval_and_turns_round_with_its_sides(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    found, turned = difference_of_rates(*one, *other), difference_of_rates(*other, *one)
    assert -1 - 1e-9 <= found.low <= found.estimate <= found.high <= 1 + 1e-9
    assert isclose(found.low, -turned.high, abs_tol=1e-9)


def test_the_difference_of_means_is_that_of_welch() -> None:
    """Two samples by hand: 1, 2, 3 (variance 1) and 2, 4, 6 (variance 4)."""
    found = difference_of_means(Sample(3, 6, 14), Sample(3, 12, 56))
    assert isclose(found.estimate, -2)
    assert isclose(found.high - found.low, 2 * 1.959963984540054 * (5 / 3) ** 0.5)


def _counted(measure: str, count: int, variant: str = "", step: str = "", amount: int = 0) -> Counted:
    return Counted(
        version="v1", variant=variant, day=date(2026, 3, 2), step=step, measure=measure, detail="", currency="EUR",
        count=count, amount=Decimal(amount), squares=Decimal(amount * amount),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("goals", "runs", "held_goals", "held", "verdict"),
    [
        (300, 1000, 20, 100, "better"),
        (100, 1000, 30, 100, "worse"),
        (210, 1000, 20, 100, "no difference shown"),
        (20, 29, 1, 100, "too few to say"),
        (300, 1000, 0, 3, "too few to say"),
    ],
)
def test_the_holdout_is_judged_in_words(goals: int, runs: int, held_goals: int, held: int, verdict: str) -> None:
    rows = [
        _counted("started", runs), _counted("goal", goals), _counted("started", held, HOLDOUT),
        _counted("goal", held_goals, HOLDOUT),
    ]  # fmt: skip
    found = report(rows).holdout
    assert found is not None
    assert found.verdict == verdict


@given(
    st.lists(
        st.builds(
            _counted,
            st.sampled_from(["started", "goal", "assigned", "reached", "ended", "sent", "opened"]),
            st.integers(1, 10**6),
            st.sampled_from(["", HOLDOUT, "split-1/a", "split-1/a split-2/b"]),
            st.sampled_from(["", "split-1/a", "wait-1h"]),
            st.integers(0, 10**9),
        )
    ),
    st.sampled_from(["", "version", "variant", "step", "day"]),
)
def test_any_counts_make_a_report_of_numbers(rows: list[Counted], by: str) -> None:
    shown = report(rows, by)  # type: ignore[arg-type]
    assert shown.total.goals == sum(one.count for one in rows if one.measure == "goal" and one.variant != HOLDOUT)
    assert all(0 <= group.goal_rate.low <= group.goal_rate.high <= 1 for group in shown.groups)
    revenue = shown.holdout.revenue if shown.holdout is not None else []
    assert all(isfinite(one.difference.low) for one in revenue)
    assert msgspec.json.encode(shown)


@given(st.dictionaries(st.integers(0, 10), st.integers(1, 50), min_size=1))
def test_a_net_promoter_score_is_that_of_its_definition(times: dict[int, int]) -> None:
    rows = [
        structs.replace(_counted("rated_nps", count, step="mail"), detail=f"all/well/score/{score}")
        for score, count in times.items()
    ]
    (found,) = report(rows).total.answers
    scores = [score for score, count in times.items() for _ in range(count)]
    assert (found.survey, found.question, found.nps) == (
        "all/well",
        "score",
        100 * (sum(one >= 9 for one in scores) - sum(one <= 6 for one in scores)) / len(scores),
    )
    assert found.mean == sum(scores) / len(scores)
    assert found.counts == {str(score): count for score, count in times.items()}
