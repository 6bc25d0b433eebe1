"""How the variants of a split do, and which one wins, from the counts of its runs. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import assert_never

from msgspec import Struct

from relevo_engine.core.result_report import Figures, arm_figures
from relevo_engine.core.results import Counted
from relevo_workflow import Contest


class Standing(Struct, frozen=True, kw_only=True):
    """How a test of variants stands: how many `runs` each got, what each makes a run by the rule, and from when on one
    can win: `None` as long as no run got any."""

    runs: dict[str, int]
    scores: dict[str, float]
    best: str
    earliest: datetime | None


def standing(contest: Contest, counts: Sequence[Counted]) -> Standing:
    """How the variants do; the best is the first of those in the file that do equally well.

    Runs are counted by days, so the time begins at the end of the first (UTC) day whose runs got a variant.
    """
    arms = {variant: f"{contest.step}/{variant}" for variant in contest.variants}
    days = [one.day for one in counts if one.measure == "assigned" and one.step in arms.values()]
    figures = {variant: arm_figures(arm, counts) for variant, arm in arms.items()}
    scores = _scores(contest, figures)
    return Standing(
        runs={variant: one.runs for variant, one in figures.items()},
        scores={variant: float(score) for variant, score in scores.items()},
        best=max(contest.variants, key=lambda variant: scores[variant]),
        earliest=datetime.combine(min(days), time(), UTC) + timedelta(days=1) + contest.after if days else None,
    )


def winner_of(contest: Contest, counts: Sequence[Counted], now: datetime) -> str | None:
    """The variant that does best by the rule. `None` as long as it is too early."""
    found = standing(contest, counts)
    if found.earliest is None or now < found.earliest or min(found.runs.values()) < contest.least:
        return None
    return found.best


def _scores(contest: Contest, figures: Mapping[str, Figures]) -> dict[str, Fraction]:
    """What each variant makes a run, by the rule.

    Revenue is that of the currency in which most goals are counted: sums of several can't be compared.
    """
    match contest.by:
        case "goal":
            made = {variant: Fraction(min(one.goals, one.runs)) for variant, one in figures.items()}
        case "clicks":
            made = {variant: Fraction(one.messages["clicked"]) for variant, one in figures.items()}
        case "revenue":
            currency = _main_currency(figures.values())
            made = {variant: _worth(one, currency) for variant, one in figures.items()}
        case _:
            assert_never(contest.by)
    return {variant: made[variant] / max(one.runs, 1) for variant, one in figures.items()}


def _worth(group: Figures, currency: str) -> Fraction:
    return sum((Fraction(one.amount) for one in group.revenue if one.currency == currency), Fraction())


def _main_currency(groups: Iterable[Figures]) -> str:
    goals = Counter[str]()
    for group in groups:
        for one in group.revenue:
            goals[one.currency] += one.goals
    return min(goals, key=lambda currency: (-goals[currency], currency), default="")
