"""A variant wins by the rule of its split: in virtual time, and on the real database."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import Buyer, Money, OrderChanged
from relevo_engine.adapters import results
from relevo_engine.app.choose_winners import WinnerChooser
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.core.results import Counted, CountKey, ResultChanges
from relevo_engine.core.winners import standing, winner_of
from relevo_runtime import catalog
from relevo_runtime.postgres import Connection
from relevo_runtime.records import Record
from relevo_workflow import Contest, Definition, EventInput, Subject, contests, handle, load_workflow, with_winners
from tests.engine.conftest import CART, MORNING, Engine, build_engine, checkout, deploy, event

OFFER = CART | {
    "workflow.yaml": """
workflow: offer
title: Offer
trigger: {event: checkout.started}
goal: {event: order.placed, within: 5d, value: event.total}
steps:
  - id: price
    split:
      variants:
        - {name: low, steps: [{send: {channel: email, template: reminder, purpose: transactional}}]}
        - {name: high}
      winner: {after: 3d, least: 4}
""",
}


def _order(key: str, at: datetime) -> Event:
    payload = OrderChanged(customer=Buyer(), order_id=f"o-{key}", checkout_token=key, total=Money("10.00", "EUR"))
    return event("order.placed", payload, event_id=f"o-{key}", key=key, at=at)


class _Shop:
    """A shop in virtual time: each customer leaves a cart, and orders if their variant is the one that convinces."""

    def __init__(self, definition: Definition, convincing: str) -> None:
        self.definition = definition
        self.convincing = convincing
        self.changes = ResultChanges()
        self.given: list[str] = []

    def visit(self, key: str, at: datetime) -> None:
        subject = self._take(Subject(shop="sample", key=key), checkout(key, key=key, at=at))
        (run,) = subject.runs
        self.given.append(run.variants[0])
        if run.variants[0] == f"price/{self.convincing}":
            self._take(subject, _order(key, at + timedelta(hours=1)))

    def _take(self, subject: Subject, happened: Event) -> Subject:
        arrived = _arrived(happened)
        handled = handle([self.definition], {}, subject, EventInput(happened), happened.time)
        for decision in handled.decisions:
            self.changes.follow(arrived, subject, decision, {self.definition.version: self.definition})
        return handled.subject

    def counts(self) -> list[Counted]:
        return [_counted(key, one.count) for key, one in self.changes.counts.items()]


def _arrived(happened: Event) -> IncomingMessage:
    record = Record(topic=topics.EVENTS, partition=0, offset=1, key=b"", value=msgspec.json.encode(happened))
    ((arrived,), _) = read([record])
    return arrived


def _counted(key: CountKey, count: int) -> Counted:
    return Counted(
        version=key.version, variant=key.variant, day=key.day, step=key.step, measure=key.measure, detail=key.detail,
        currency=key.currency, count=count, amount=Decimal(0), squares=Decimal(0),
    )  # fmt: skip


@given(st.sampled_from(["low", "high"]), st.integers(20, 40))
def test_in_virtual_time_the_variant_that_convinces_takes_all_runs_from_the_day_of_the_rule_on(
    convincing: str, visitors: int
) -> None:
    shop = _Shop(load_workflow(OFFER), convincing)
    (contest,) = contests(shop.definition)
    chosen: list[tuple[int, str]] = []
    for day in range(7):
        now = MORNING + timedelta(days=day)
        winner = winner_of(contest, shop.counts(), now)
        if winner is not None and not chosen:
            chosen.append((day, winner))
            shop.definition = with_winners(shop.definition, {contest.step: winner})
            before = len(shop.given)
        for number in range(visitors):
            shop.visit(f"cus_{day}_{number}", now)
    assert chosen == [(4, convincing)]  # the first day ends at midnight, three more pass
    assert set(shop.given[:before]) == {"price/low", "price/high"}
    assert set(shop.given[before:]) == {f"price/{convincing}"}


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 8))
def test_nobody_wins_before_the_time_or_without_the_runs(low: int, high: int, days: int) -> None:
    contest = Contest("price", ("low", "high"), timedelta(days=3), 4)
    counts = [
        _counted(CountKey("sample", "offer", "v", arm, MORNING.date(), arm, "assigned"), count)
        for arm, count in (("price/low", low), ("price/high", high))
        if count
    ]
    decided = winner_of(contest, counts, MORNING + timedelta(days=days))
    assert (decided is not None) == (min(low, high) >= 4 and days >= 4)


arms = st.fixed_dictionaries({name: st.integers(0, 30) for name in ("goal", "clicked", "EUR", "USD")})


@given(arms, arms, st.sampled_from(["goal", "clicks", "revenue"]))
def test_the_winner_is_the_one_that_makes_most_a_run_by_its_rule(
    low: dict[str, int], high: dict[str, int], by: Literal["goal", "clicks", "revenue"]
) -> None:
    contest, day = Contest("price", ("low", "high"), timedelta(days=3), 4, by), MORNING.date()
    counts = list[Counted]()
    for arm, runs, made in (("price/low", 100, low), ("price/high", 200, high)):
        counts.append(_counted(CountKey("sample", "offer", "v", arm, day, arm, "assigned"), runs))
        counts.append(_counted(CountKey("sample", "offer", "v", arm, day, "", "goal", "", ""), made["goal"]))
        counts.append(_counted(CountKey("sample", "offer", "v", arm, day, "mail", "clicked", "email"), made["clicked"]))
        for currency, many in (("EUR", 3), ("USD", 2)):
            key = CountKey("sample", "offer", "v", arm, day, "", "goal", "", currency)
            counts.append(structs.replace(_counted(key, many), amount=Decimal(made[currency])))
    goals = {"low": low["goal"] + 5, "high": high["goal"] + 5}
    times = {name: many * sum(one[name] > 0 for one in (low, high)) for name, many in (("EUR", 3), ("USD", 2))}
    main = max(times, key=lambda name: times[name])  # goals that are worth nothing decide nothing
    if by == "goal":
        made = goals
    elif by == "clicks":
        made = {"low": low["clicked"], "high": high["clicked"]}
    else:
        made = {"low": low[main], "high": high[main]}
    expected = "high" if made["high"] > 2 * made["low"] else "low"
    found = standing(contest, counts)
    assert (found.best, found.runs) == (expected, {"low": 100, "high": 200})
    assert winner_of(contest, counts, MORNING + timedelta(days=5)) == expected


async def test_the_engine_decides_once_and_every_later_run_gets_the_winner(engine: Engine) -> None:
    await deploy(engine.pool, OFFER)
    engine = await build_engine(engine.pool, engine.publisher)
    chooser = WinnerChooser[Connection](
        sessions=engine.pool, results=results, catalog=catalog, definitions=engine.definitions
    )
    await engine.take(*(checkout(f"cus_{n}", key=f"cus_{n}") for n in range(24)))
    high = await engine.pool.fetch("select key from engine.run where variant = 'price/high'")
    await engine.take(*(_order(row["key"], MORNING + timedelta(hours=1)) for row in high))
    await chooser.run_once(MORNING + timedelta(days=3))
    assert await engine.pool.fetchval("select count(*) from catalog.winner") == 0
    for _ in range(2):
        await chooser.run_once(MORNING + timedelta(days=4))
    rows = await engine.pool.fetch("select shop, workflow, step, variant from catalog.winner")
    assert [tuple(row) for row in rows] == [("sample", "offer", "price", "high")]

    async with engine.pool.acquire() as connection:
        await engine.definitions.refresh(connection)
    late = [checkout(f"late_{n}", key=f"late_{n}", at=MORNING + timedelta(days=4)) for n in range(20)]
    await engine.take(*late)
    found = await engine.pool.fetch(
        "select distinct variant from engine.run where key like 'late%' and workflow = 'offer'"
    )
    assert [row["variant"] for row in found] == ["price/high"]
