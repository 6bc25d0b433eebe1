"""What counts of results add up to: figures by version, variant, step or day, and those of the holdout. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from relevo_engine.core.results import HOLDOUT, WAITS, Counted
from relevo_engine.core.statistics import Interval, Sample, difference_of_means, difference_of_rates, rate

By = Literal["", "version", "variant", "step", "day"]
Verdict = Literal["better", "worse", "no difference shown", "too few to say"]

FEWEST_RUNS = 30
"""With fewer runs on one side nothing is said of a difference of rates."""
FEWEST_GOALS = 10
"""With fewer goals on both sides together nothing is said of revenue, which few orders make by chance."""
MESSAGES = (
    *("sent", "failed", "skipped", "in_doubt", "delivered", "bounced", "complained"),
    *("opened", "clicked", "answered", "opened_by_machine", "clicked_by_machine"),
)
"""What is counted of messages."""
_ANSWERS = {"rated", "rated_nps", "chosen"}


class Revenue(Struct, frozen=True, kw_only=True):
    """What goals were worth, in one currency (empty: goals without one)."""

    currency: str
    amount: Decimal
    squares: Decimal = Decimal(0)
    goals: int = 0


class Answers(Struct, frozen=True, kw_only=True):
    """What was answered to a question of a survey: how often each answer was given, the most often first.

    Of a rating there is the `mean`, and of one from 0 to 10 the net promoter score (-100 to 100): the share of 9 and 10
    less that of 0 to 6.
    """

    survey: str
    question: str
    counts: dict[str, int]
    mean: float | None = None
    nps: float | None = None


class Cost(Struct, frozen=True, kw_only=True):
    """What messages cost, in one currency: so many whose price is known."""

    currency: str
    amount: Decimal
    messages: int


class Waiting(Struct, frozen=True, kw_only=True):
    """How long runs were at a step that they have left, in seconds: on average, and half of them not longer than
    `half_within` (`None`: longer than what is told apart)."""

    times: int
    mean: float
    half_within: int | None


class Figures(Struct, frozen=True, kw_only=True):
    """What one group of runs came to. `runs` is how many there were: those that started, of an arm those that got it,
    of a step those that reached it. `goal_rate` is of them, with its interval."""

    name: str
    runs: int
    goals: int
    goal_rate: Interval
    ended: int
    ends: dict[str, int]
    messages: dict[str, int]
    revenue: list[Revenue]
    costs: list[Cost] = []
    answers: list[Answers] = []
    waiting: Waiting | None = None


class RevenueDifference(Struct, frozen=True, kw_only=True):
    """Revenue a run, against that of the holdout."""

    currency: str
    difference: Interval
    verdict: Verdict


class Comparison(Struct, frozen=True, kw_only=True):
    """Those who took part against the holdout: what the workflow makes of itself."""

    holdout: Figures
    difference: Interval
    verdict: Verdict
    revenue: list[RevenueDifference]


class Report(Struct, frozen=True, kw_only=True):
    """All that is known: `total` without the holdout, the groups that were asked for, and the comparison, if any."""

    total: Figures
    by: By
    groups: list[Figures]
    holdout: Comparison | None


def report(counts: Sequence[Counted], by: By = "") -> Report:
    """What the counts add up to."""
    treated = [one for one in counts if one.variant != HOLDOUT]
    held = [one for one in counts if one.variant == HOLDOUT]
    total = _figures("", treated)
    comparison = _compared(total, _figures(HOLDOUT, held)) if held else None
    return Report(total=total, by=by, groups=[*_groups(treated, by)] if by else [], holdout=comparison)


def _groups(counts: Sequence[Counted], by: By) -> Iterator[Figures]:
    match by:
        case "variant":
            for arm in sorted({one.step for one in counts if one.measure == "assigned"}):
                yield arm_figures(arm, counts)
        case "step":
            for step in _steps(counts):
                yield _figures(step, [one for one in counts if one.step == step], "reached")
        case "version":
            for version in sorted({one.version for one in counts}):
                yield _figures(version, [one for one in counts if one.version == version])
        case _:
            for day in sorted({one.day for one in counts}):
                yield _figures(day.isoformat(), [one for one in counts if one.day == day])


def arm_figures(arm: str, counts: Iterable[Counted]) -> Figures:
    """What the runs that got this arm of a split (`split-1/a`) came to, from then on."""
    given = [one for one in counts if arm in one.variant.split(" ") and (one.measure != "assigned" or one.step == arm)]
    return _figures(arm, given, "assigned")


def _steps(counts: Sequence[Counted]) -> list[str]:
    """The steps, those that most runs reached first: in a workflow that is nearly their order."""
    reached: dict[str, int] = {}
    for one in counts:
        if one.step and one.measure != "assigned":
            reached[one.step] = reached.get(one.step, 0) + (one.count if one.measure == "reached" else 0)
    return sorted(reached, key=lambda step: (-reached[step], step))


def _figures(name: str, counts: Sequence[Counted], run: str = "started") -> Figures:
    """`run` is the measure that counts the group's runs."""
    sums, ends = Counter[str](), Counter[str]()
    for one in counts:
        sums[one.measure] += one.count
        if one.measure == "ended":
            ends[one.detail] += one.count
    return Figures(
        name=name,
        runs=sums[run],
        goals=sums["goal"],
        goal_rate=rate(min(sums["goal"], sums[run]), sums[run]),
        ended=sums["ended"],
        ends=dict(sorted(ends.items(), key=lambda one: (-one[1], one[0]))),
        messages={measure: sums[measure] for measure in MESSAGES},
        revenue=_revenue([one for one in counts if one.measure == "goal"]),
        costs=_costs(counts),
        answers=_answers(counts),
        waiting=_waiting([one for one in counts if one.measure == "waited"]) if run == "reached" else None,
    )


def _revenue(goals: Sequence[Counted]) -> list[Revenue]:
    """What goals were worth, by currency."""
    amounts, squares = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    times = Counter[str]()
    for one in goals:
        times[one.currency] += one.count
        amounts[one.currency] += one.amount
        squares[one.currency] += one.squares
    return [
        Revenue(currency=currency, amount=amount, squares=squares[currency], goals=times[currency])
        for currency, amount in sorted(amounts.items())
        if amount
    ]


def _costs(counts: Iterable[Counted]) -> list[Cost]:
    amounts, messages = defaultdict[str, Decimal](Decimal), Counter[str]()
    for one in counts:
        if one.measure == "cost":
            amounts[one.currency] += one.amount
            messages[one.currency] += one.count
    return [
        Cost(currency=currency, amount=amount, messages=messages[currency])
        for currency, amount in sorted(amounts.items())
    ]


def _waiting(waits: Sequence[Counted]) -> Waiting | None:
    times = sum(one.count for one in waits)
    if not times:
        return None
    within, half = 0, None
    for length in WAITS:
        within += sum(one.count for one in waits if one.detail == str(length))
        if 2 * within >= times:
            half = length
            break
    return Waiting(times=times, mean=float(sum(one.amount for one in waits)) / times, half_within=half)


def _answers(counts: Iterable[Counted]) -> list[Answers]:
    """What was answered, by survey and question."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for one in counts:
        if one.measure in _ANSWERS and one.detail.count("/") >= 2:
            survey, question, answer = one.detail.rsplit("/", 2)
            found.setdefault((survey, question, one.measure), Counter())[answer] += one.count
    return [_answered(*of, times) for of, times in sorted(found.items())]


def _answered(survey: str, question: str, measure: str, times: Counter[str]) -> Answers:
    counts = dict(sorted(times.items(), key=lambda one: (-one[1], one[0])))
    if measure == "chosen":
        return Answers(survey=survey, question=question, counts=counts)
    numbers = {int(answer): count for answer, count in counts.items()}
    given = sum(numbers.values())
    nps = None
    if measure == "rated_nps":
        promoters, detractors = (_times(numbers, one) for one in ((9, 10), range(7)))
        nps = 100 * (promoters - detractors) / given
    mean = sum(number * count for number, count in numbers.items()) / given
    return Answers(survey=survey, question=question, counts=counts, mean=mean, nps=nps)


def _times(numbers: Mapping[int, int], wanted: Iterable[int]) -> int:
    return sum(numbers.get(one, 0) for one in wanted)


def _compared(total: Figures, holdout: Figures) -> Comparison:
    difference = difference_of_rates(*_rate_of(total), *_rate_of(holdout))
    currencies = sorted({one.currency for group in (total, holdout) for one in group.revenue})
    return Comparison(
        holdout=holdout,
        difference=difference,
        verdict=verdict(difference, enough=min(total.runs, holdout.runs) >= FEWEST_RUNS),
        revenue=[_revenue_compared(currency, total, holdout) for currency in currencies],
    )


def _rate_of(group: Figures) -> tuple[int, int]:
    return min(group.goals, group.runs), group.runs


def _revenue_compared(currency: str, total: Figures, holdout: Figures) -> RevenueDifference:
    enough = min(total.runs, holdout.runs) >= FEWEST_RUNS and total.goals + holdout.goals >= FEWEST_GOALS
    if min(total.runs, holdout.runs) < 2:  # of one nothing is known, and JSON has no infinity
        unknown = Interval(0.0, 0.0, 0.0)
        return RevenueDifference(currency=currency, difference=unknown, verdict="too few to say")
    difference = difference_of_means(_sample(currency, total), _sample(currency, holdout))
    return RevenueDifference(currency=currency, difference=difference, verdict=verdict(difference, enough=enough))


def _sample(currency: str, group: Figures) -> Sample:
    """What each run of the group was worth; those without a goal were worth nothing."""
    for one in group.revenue:
        if one.currency == currency:
            return Sample(group.runs, float(one.amount), float(one.squares))
    return Sample(group.runs)


def verdict(difference: Interval, *, enough: bool) -> Verdict:
    """The difference in words: it is shown where the whole interval lies on one side of nothing."""
    if not enough:
        return "too few to say"
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "no difference shown"
