"""Whether a figure stands out from its own past: a robust z-score, by median and absolute deviations. Pure.

Source: Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): a modified z-score beyond 3.5 is an outlier.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import median
from typing import Literal

from msgspec import Struct

Standing = Literal["usual", "high", "low", "too few to say"]
FEWEST = 5
"""With fewer periods behind it nothing is said of a figure."""
_BEYOND = 3.5
_TO_DEVIATION = 1.4826
"""A median absolute deviation as a standard deviation of the normal distribution."""
_SHARE = 0.05


class Trend(Struct, frozen=True, kw_only=True):
    """How a figure stands to what is `usual`, the median of its past."""

    standing: Standing
    usual: float


def trend(value: float, past: Sequence[float], *, counts: bool) -> Trend:
    """How `value` stands to the same figure of earlier periods.

    A past that hardly varies makes no outlier of what is off by chance: a deviation is at least that of rare events
    (the root of a count), and of amounts a twentieth.
    """
    if len(past) < FEWEST:
        return Trend(standing="too few to say", usual=median(past) if past else 0.0)
    usual = median(past)
    deviation = _TO_DEVIATION * median(abs(one - usual) for one in past)
    least = max(1.0, sqrt(abs(usual))) if counts else abs(usual) * _SHARE
    scale = max(deviation, least)
    off = value - usual
    if abs(off) <= _BEYOND * scale:
        return Trend(standing="usual", usual=usual)
    return Trend(standing="high" if off > 0 else "low", usual=usual)
