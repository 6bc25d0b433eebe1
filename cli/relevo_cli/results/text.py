"""The results of a workflow as lines: sentences, and a table with bars."""

from collections.abc import Iterator, Sequence

from relevo_control.app.results import ResultsAnswer, VariantTest
from relevo_engine.core.result_report import Answers, Comparison, Figures, Report, Revenue, Waiting
from relevo_engine.core.statistics import Interval

_BAR = 20
_REASONS = 3
COMPLETED = "completed"
"""Why runs end that have come to the end of the steps."""
_COLUMNS = ("sent", "delivered", "opened", "clicked", "answered")


def lines(answer: ResultsAnswer) -> Iterator[str]:
    """The whole in words."""
    yield f"{answer.workflow} of {answer.shop}, runs that started since {answer.since} (UTC)"
    yield from (f"  {line}" for line in total_in_words(answer.report.total))
    yield from (f"  {line}" for line in comparison_in_words(answer.report.holdout))
    yield from (f"  {variants_in_words(one)}" for one in answer.tests)
    if answer.report.by == "step":
        yield from _bottlenecks(answer.report.groups)
        yield from _funnel(answer.report.groups)
    elif answer.report.groups:
        yield from _table(answer.report)


def total_in_words(total: Figures) -> Iterator[str]:
    """What all runs came to."""
    goals = f"{total.goals} reached the goal ({rate_in_words(total.goal_rate)})"
    yield f"{total.runs} started, {total.ended} ended, {goals}"
    if total.revenue:
        yield f"revenue {money_in_words(total.revenue)}"
    told = [f"{count} {name.replace('_', ' ')}" for name, count in total.messages.items() if count]
    yield f"messages: {', '.join(told) or 'none'}"
    yield from costs_in_words(total)
    yield from (answers_in_words(one) for one in total.answers)


def costs_in_words(group: Figures) -> Iterator[str]:
    """What messages cost, and what is left of the revenue in that currency."""
    made = {one.currency: one.amount for one in group.revenue}
    for one in group.costs:
        each = f"{one.amount / one.messages:.4f} each"
        left = (
            f"; revenue minus cost {made[one.currency] - one.amount:.2f} {one.currency}" if one.currency in made else ""
        )
        yield f"cost {one.amount:.2f} {one.currency} for {one.messages} messages, {each}{left}"


def answers_in_words(one: Answers) -> str:
    """What was answered to a question, the most often first."""
    given = ", ".join(f"{answer}: {count}" for answer, count in one.counts.items())
    mean = f" (mean {one.mean:.1f})" if one.mean is not None else ""
    nps = f" (net promoter score {one.nps:+.0f})" if one.nps is not None else ""
    return f"{one.survey}, {one.question}: {given}{mean}{nps}"


def variants_in_words(one: VariantTest) -> str:
    """How a test of variants stands, or who has won."""
    if one.decided_at is not None:
        return f"test {one.split}: {one.winner} has won by {one.by}, {one.decided_at:%Y-%m-%d %H:%M} (UTC)"
    runs = ", ".join(f"{name} {count} runs" for name, count in one.standing.runs.items())
    when = f"{one.standing.earliest:%Y-%m-%d} (UTC)" if one.standing.earliest is not None else "its time has begun"
    return f"test {one.split}: {runs}; by {one.by}, not before {when} and {one.least} runs of each"


def money_in_words(revenue: Sequence[Revenue]) -> str:
    """Sums by currency."""
    return ", ".join(f"{one.amount:.2f} {one.currency}".strip() for one in revenue)


def rate_in_words(one: Interval) -> str:
    """A rate and its interval."""
    return f"{one.estimate:.1%}, {one.low:.1%} to {one.high:.1%}"


def points_in_words(one: Interval) -> str:
    """A difference of rates and its interval."""
    return f"{100 * one.estimate:+.1f} points of difference ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def comparison_in_words(comparison: Comparison | None) -> Iterator[str]:
    """What the workflow makes of itself, if there is a holdout."""
    if comparison is None:
        return
    held = comparison.holdout
    yield (
        f"holdout: {held.runs} got nothing, {held.goals} of them reached the goal ({rate_in_words(held.goal_rate)});"
        f" the workflow makes {points_in_words(comparison.difference)}: {comparison.verdict}"
    )
    for one in comparison.revenue:
        low, high = f"{one.difference.low:+.2f}", f"{one.difference.high:+.2f}"
        between = "" if one.verdict == "too few to say" else f" ({low} to {high})"
        yield f"revenue a run: {one.difference.estimate:+.2f} {one.currency}{between}: {one.verdict}"


def _bottlenecks(steps: Sequence[Figures]) -> Iterator[str]:
    """Where runs are longest, and where most of those that come there end."""
    waiting = [one for one in steps if one.waiting is not None]
    if waiting:
        longest = max(waiting, key=lambda one: one.waiting.mean if one.waiting is not None else 0.0)
        yield f"  runs wait longest at {longest.name}: {waiting_in_words(longest.waiting)}"
    losing = [one for one in steps if lost(one) and one.runs]
    if losing:
        most = max(losing, key=lambda one: lost(one) / one.runs)
        share = f"{lost(most)} of {most.runs} ({lost(most) / most.runs:.0%})"
        yield f"  most are lost at {most.name}: {share}; {ends_in_words(most)}"


def lost(step: Figures) -> int:
    """How many runs were over after this step before the steps were."""
    return step.ended - step.ends.get(COMPLETED, 0)


def ends_in_words(step: Figures) -> str:
    """Why runs were over after this step, the most frequent reason first."""
    return ", ".join(f"{count} {reason}" for reason, count in [*step.ends.items()][:_REASONS])


def waiting_in_words(waiting: Waiting | None) -> str:
    """How long runs are at a step."""
    if waiting is None:
        return "-"
    half = "more than a year" if waiting.half_within is None else length_in_words(waiting.half_within)
    return f"{length_in_words(waiting.mean)}, half within {half}"


def length_in_words(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{seconds / unit:.1f}".removesuffix(".0") + name
    return f"{seconds:.0f}s"


def _funnel(steps: Sequence[Figures]) -> Iterator[str]:
    """The steps below each other, each with how many runs reached it as a bar."""
    most = max((one.runs for one in steps), default=0)
    yield from _aligned(
        [
            ("step", "runs", *_COLUMNS, "waits", "ended", "because", ""),
            *(
                (
                    one.name, str(one.runs), *(str(one.messages[name]) for name in _COLUMNS),
                    waiting_in_words(one.waiting), str(one.ended), ends_in_words(one) or "-",
                    "█" * round(_BAR * one.runs / most) if most else "",
                )
                for one in steps
            ),
        ]
    )  # fmt: skip


def _table(shown: Report) -> Iterator[str]:
    """The groups below each other, each with its goal rate as a bar."""
    highest = max((group.goal_rate.estimate for group in shown.groups), default=0.0)
    rows = [
        (shown.by, "runs", *_COLUMNS, "ended", "goal", "revenue", ""),
        *(_row(one, highest) for one in shown.groups),
    ]
    yield from _aligned(rows)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        aligned = (f"{cell:>{width}}" for cell, width in zip(cells[:-1], widths[1:-1], strict=True))
        yield "  ".join((f"{name:<{widths[0]}}", *aligned, cells[-1])).rstrip()


def _row(group: Figures, highest: float) -> tuple[str, ...]:
    bar = "█" * round(_BAR * group.goal_rate.estimate / highest) if highest else ""
    messages = (str(group.messages[name]) for name in _COLUMNS)
    goal = rate_in_words(group.goal_rate) if group.goals else "-"
    return (group.name, str(group.runs), *messages, str(group.ended), goal, money_in_words(group.revenue) or "-", bar)
