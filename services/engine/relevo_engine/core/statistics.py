"""Intervals of rates, means and their differences, at 95 %. Pure.

Rates: the score interval of Wilson (1927), and of a difference Newcombe's method 10 (Statistics in Medicine 17, 1998),
which holds for few and for rare successes. Means: the difference by Welch's standard error with the quantile of the
normal distribution, from sums and sums of squares; it wants many cases, since what people spend is skewed.
"""

from math import sqrt

from msgspec import Struct

Z = 1.959963984540054
"""The quantile of the normal distribution for 95 % on both sides."""


class Interval(Struct, frozen=True):
    """An estimate with where the truth lies, in 95 of 100 such intervals."""

    estimate: float
    low: float
    high: float


class Sample(Struct, frozen=True):
    """So many cases, the sum of their values and of the squares of these."""

    cases: int
    total: float = 0.0
    squares: float = 0.0

    @property
    def mean(self) -> float:
        """The mean; of nothing it is 0."""
        return self.total / self.cases if self.cases else 0.0

    @property
    def error_squared(self) -> float:
        """The square of the mean's standard error; of fewer than two cases nothing is known of it."""
        if self.cases < 2:
            return float("inf")
        variance = max(0.0, self.squares - self.cases * self.mean**2) / (self.cases - 1)
        return variance / self.cases


def rate(successes: int, cases: int) -> Interval:
    """The share of successes, by Wilson. Of no cases nothing is known: from 0 to 1."""
    if cases == 0:
        return Interval(0.0, 0.0, 1.0)
    share, square = successes / cases, Z * Z
    middle = (share + square / (2 * cases)) / (1 + square / cases)
    half = Z * sqrt(share * (1 - share) / cases + square / (4 * cases * cases)) / (1 + square / cases)
    return Interval(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def difference_of_rates(successes: int, cases: int, other_successes: int, other_cases: int) -> Interval:
    """By how much the first share is more than the other one, by Newcombe."""
    one, other = rate(successes, cases), rate(other_successes, other_cases)
    difference = one.estimate - other.estimate
    below = sqrt((one.estimate - one.low) ** 2 + (other.high - other.estimate) ** 2)
    above = sqrt((one.high - one.estimate) ** 2 + (other.estimate - other.low) ** 2)
    return Interval(difference, difference - below, difference + above)


def difference_of_means(one: Sample, other: Sample) -> Interval:
    """By how much the first mean is more than the other one, by Welch's standard error."""
    difference, half = one.mean - other.mean, Z * sqrt(one.error_squared + other.error_squared)
    return Interval(difference, difference - half, difference + half)
