"""What stands out from its own past, and what is nothing but chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_engine.core.trends import FEWEST, Standing, trend


@pytest.mark.parametrize(
    ("value", "past", "standing"),
    [
        (40, [10, 12, 9, 11, 10, 13, 8, 10], "high"),
        (11, [10, 12, 9, 11, 10, 13, 8, 10], "usual"),
        (0, [100, 110, 95, 105, 102, 98, 101, 99], "low"),
        (2, [0, 0, 0, 0, 0, 0, 0, 0], "usual"),  # a second one of what is rare is chance
        (9, [0, 0, 0, 0, 0, 0, 0, 0], "high"),
        (40, [10, 10, 400, 10, 10, 10, 11, 9], "high"),  # one odd day spoils no median
        (40, [10, 12, 9, 11], "too few to say"),
        (40, [], "too few to say"),
    ],
)
def test_a_count_is_judged_by_its_past(value: int, past: list[float], standing: Standing) -> None:
    assert trend(value, past, counts=True).standing == standing


@pytest.mark.parametrize(("value", "standing"), [(1100.0, "usual"), (1300.0, "high"), (700.0, "low")])
def test_an_amount_that_never_varied_may_be_off_a_little(value: float, standing: Standing) -> None:
    assert trend(value, [1000.0] * 8, counts=False).standing == standing


pasts = st.lists(st.integers(0, 10**6).map(float), max_size=8)


@given(pasts, st.integers(0, 10**6), st.booleans())
def test_what_is_usual_stands_out_never_and_further_off_is_never_less_odd(
    past: list[float], value: int, counts: bool
) -> None:
    found = trend(value, past, counts=counts)
    if len(past) < FEWEST:
        assert found.standing == "too few to say"
        return
    assert trend(found.usual, past, counts=counts).standing == "usual"
    if found.standing == "high":
        assert trend(value + 1, past, counts=counts).standing == "high"
    if found.standing == "low":
        assert trend(value - 1, past, counts=counts).standing == "low"
    assert (value > found.usual) if found.standing == "high" else True
