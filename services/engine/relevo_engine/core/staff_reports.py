"""Reports to the staff: when they are due, which days they are about, and what they say. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal, get_args

from msgspec import Struct

from relevo_contracts.staff import Member
from relevo_engine.core.notices import digest_of
from relevo_engine.core.result_report import report
from relevo_engine.core.results import Counted
from relevo_engine.core.trends import Trend, trend

Every = Literal["day", "week"]
SectionName = Literal["sales", "carts", "stock", "tasks", "deliveries", "complaints", "workflows"]
SECTIONS: tuple[SectionName, ...] = get_args(SectionName)
AT = time(8)
"""When reports are due, in the shop's time zone; those of a week on Monday."""
LOOK_BACK = 8
"""With so many earlier periods a figure is compared: the same weekdays, or weeks."""
MOST_LISTED = 10
"""So many products and workflows a report names; it says how many there are."""


class StaffReport(Struct, frozen=True, kw_only=True):
    """A report that a shop wants: how often, about what (nothing: everything), for whom, and when it is due next."""

    shop: str
    name: str
    every: Every
    sections: list[SectionName] = []
    members: list[str] = []
    due_at: datetime


class Figure(Struct, frozen=True, kw_only=True):
    """A figure of the period; a sum of money has a currency. `usual` and `standing` are of its trend, if it has one."""

    name: str
    value: Decimal
    currency: str = ""
    usual: Decimal | None = None
    standing: str = ""


class Listed(Struct, frozen=True, kw_only=True):
    """A product that is sold out, or a workflow with its figures."""

    name: str
    figures: list[Figure] = []


class Section(Struct, frozen=True, kw_only=True):
    """A part of a report; `more` is how many are not listed."""

    name: SectionName
    figures: list[Figure] = []
    listed: list[Listed] = []
    more: int = 0


class Period(Struct, frozen=True):
    """The days from `first` to before `until`, in the shop's time zone."""

    first: date
    until: date

    def before(self, times: int) -> "Period":
        """The same weekday, or the whole week, so many weeks earlier."""
        weeks = timedelta(weeks=times)
        return Period(self.first - weeks, self.until - weeks)

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.until


class Tasks(Struct, frozen=True, kw_only=True):
    """What the staff has to do at the time of a report, and did in its period."""

    open: int = 0
    overdue: int = 0
    opened: int = 0
    closed: int = 0


class Known(Struct, frozen=True, kw_only=True):
    """All that a report is made of: counts of the shop and of its workflows, tasks, and what is sold out.

    `sold_out` are as many names as a report lists, `sold_out_count` is how many there are.
    """

    counts: list[Counted]
    workflows: Mapping[str, list[Counted]]
    tasks: Tasks
    sold_out: list[str]
    sold_out_count: int


class ReportNews(Struct, frozen=True, kw_only=True):
    """One of the staff gets a report. `id` is the key of it, the same each time."""

    id: str
    member: Member
    every: Every
    period: Period
    sections: list[Section]


def next_due(every: Every, zone: tzinfo, after: datetime) -> datetime:
    """When a report is due next, later than `after`."""
    day = after.astimezone(zone).date()
    days = (day + timedelta(days=n) for n in range(9))
    due = (datetime.combine(one, AT, zone).astimezone(UTC) for one in days if every == "day" or one.weekday() == 0)
    return next(one for one in due if one > after)


def period_of(every: Every, zone: tzinfo, now: datetime) -> Period:
    """The newest whole day, or week from Monday on, that is over."""
    today = now.astimezone(zone).date()
    if every == "day":
        return Period(today - timedelta(days=1), today)
    monday = today - timedelta(days=today.weekday())
    return Period(monday - timedelta(days=7), monday)


def report_key(wanted: StaffReport, member: Member, period: Period) -> str:
    """The key of the report of a period to one of the staff."""
    when = f"{wanted.every}/{period.first.isoformat()}"  # the week has its first day's date too
    return f"report/{digest_of(wanted.name)}/{digest_of(member.name)}/{when}"


def sections_of(wanted: Sequence[SectionName], known: Known, period: Period) -> list[Section]:
    """What a report says, in its order; a part without anything to say is left out."""
    series = _Series(known, period)
    makers: dict[SectionName, Callable[[], Section]] = {
        "sales": lambda: Section(name="sales", figures=[*_sales(series)]),
        "carts": lambda: Section(name="carts", figures=[*_carts(series)]),
        "stock": lambda: _stock(known.sold_out, known.sold_out_count),
        "tasks": lambda: Section(name="tasks", figures=[*_tasks(known.tasks)]),
        "deliveries": lambda: Section(name="deliveries", figures=[*_messages(series, _DELIVERIES)]),
        "complaints": lambda: Section(name="complaints", figures=[*_messages(series, _COMPLAINTS)]),
        "workflows": lambda: _workflows(known.workflows),
    }
    made = (makers[name]() for name in SECTIONS if name in (wanted or SECTIONS))
    return [one for one in made if one.figures or one.listed]


_DELIVERIES = ("sent", "delivered", "failed", "in_doubt", "bounced")
_COMPLAINTS = ("complained",)


class _Series:
    """The counts of a shop by measure, with their past."""

    def __init__(self, known: Known, period: Period) -> None:
        self._counts = known.counts
        self._period = period
        first = min((one.day for one in known.counts), default=period.until)
        self._past = [one for n in range(1, LOOK_BACK + 1) if (one := period.before(n)).first >= first]

    def currencies(self, measure: str) -> list[str]:
        """In which a measure is worth something now."""
        return sorted({one.currency for one in self._now(measure) if one.amount})

    def times(self, name: str, value: Callable[[Period], int]) -> Figure:
        """A count with its trend."""
        past = [float(value(one)) for one in self._past]
        return _with_trend(name, Decimal(value(self._period)), "", trend(value(self._period), past, counts=True))

    def count(self, measure: str) -> Callable[[Period], int]:
        """How often it happened in a period."""
        return lambda period: sum(one.count for one in self._counts if one.measure == measure and one.day in period)

    def amount(self, measure: str, currency: str) -> Figure:
        """A sum of money with its trend."""

        def value(period: Period) -> Decimal:
            rows = (one for one in self._counts if (one.measure, one.currency) == (measure, currency))
            return sum((one.amount for one in rows if one.day in period), Decimal(0))

        past = [float(value(one)) for one in self._past]
        now = value(self._period)
        return _with_trend(measure, now, currency, trend(float(now), past, counts=False))

    def _now(self, measure: str) -> Iterator[Counted]:
        return (one for one in self._counts if one.measure == measure and one.day in self._period)


def _with_trend(name: str, value: Decimal, currency: str, found: Trend) -> Figure:
    usual = Decimal(str(round(found.usual, 2)))
    return Figure(name=name, value=value, currency=currency, usual=usual, standing=found.standing)


def _sales(series: _Series) -> Iterator[Figure]:
    yield series.times("orders", series.count("orders"))
    yield from (series.amount("orders", currency) for currency in series.currencies("orders"))
    yield series.times("cancelled", series.count("cancelled"))
    yield from (series.amount("refunds", currency) for currency in series.currencies("refunds"))


def _carts(series: _Series) -> Iterator[Figure]:
    began, ordered = series.count("checkouts"), series.count("checkouts_ordered")
    yield series.times("checkouts", began)
    yield series.times("left", lambda one: max(0, began(one) - ordered(one)))


def _messages(series: _Series, measures: Sequence[str]) -> Iterator[Figure]:
    for measure in measures:
        figure = series.times(measure, series.count(measure))
        if figure.value or figure.usual or measure in ("sent", "complained"):
            yield figure


def _tasks(tasks: Tasks) -> Iterator[Figure]:
    for name in ("opened", "closed", "open", "overdue"):
        yield Figure(name=name, value=Decimal(getattr(tasks, name)))


def _stock(sold_out: Sequence[str], count: int) -> Section:
    figures = [Figure(name="sold_out", value=Decimal(count))]
    listed = [Listed(name=one) for one in sold_out[:MOST_LISTED]]
    return Section(name="stock", figures=figures, listed=listed, more=count - len(listed))


def _workflows(workflows: Mapping[str, list[Counted]]) -> Section:
    """Those whose runs started in the period, with most runs first."""
    totals = {name: report(counts).total for name, counts in workflows.items()}
    names = sorted((name for name, one in totals.items() if one.runs), key=lambda name: (-totals[name].runs, name))
    listed = []
    for name in names[:MOST_LISTED]:
        total = totals[name]
        money = [Figure(name="revenue", value=one.amount, currency=one.currency) for one in total.revenue]
        counts = (("runs", total.runs), ("sent", total.messages["sent"]), ("goals", total.goals))
        figures = [Figure(name=label, value=Decimal(count)) for label, count in counts]
        listed.append(Listed(name=name, figures=[*figures, *money]))
    return Section(name="workflows", listed=listed, more=max(0, len(names) - MOST_LISTED))


def context_of(news: ReportNews) -> dict[str, Any]:
    """What the texts of a report may name."""
    found = defaultdict[str, Any](dict)
    for one in news.sections:
        found[one.name] = {
            "figures": [_shown(figure) for figure in one.figures],
            "listed": [
                {"name": item.name, "figures": [_shown(figure) for figure in item.figures]} for item in one.listed
            ],
            "more": one.more,
        }
    last = news.period.until - timedelta(days=1)
    return {"every": news.every, "first": news.period.first.isoformat(), "last": last.isoformat(), **found}


def _shown(figure: Figure) -> dict[str, Any]:
    def value(amount: Decimal) -> Any:
        return {"amount": f"{amount:f}", "currency": figure.currency} if figure.currency else f"{amount:f}"

    shown = {"name": figure.name, "value": value(figure.value), "money": bool(figure.currency)}
    usual = {"usual": value(figure.usual)} if figure.usual is not None else {}
    return shown | usual | {"standing": figure.standing}
