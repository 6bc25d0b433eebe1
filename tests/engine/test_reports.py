"""Reports to the staff: figures that equal a recount, of the shop's own days, each once for each reader."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts import topics
from relevo_contracts.envelope import Event
from relevo_contracts.messages import DeliveryOutcome, SendDelivery
from relevo_contracts.payloads import Buyer, Money, OrderChanged
from relevo_contracts.sending import MessageChanged
from relevo_contracts.staff import Member
from relevo_engine.adapters import erasure, reports, results, tasks
from relevo_engine.app.send_reports import ReportSender
from relevo_engine.core.inputs import IncomingMessage, read
from relevo_engine.core.results import Counted
from relevo_engine.core.shop_figures import THE_SHOP, shop_counts
from relevo_engine.core.staff_messages import StaffMessages
from relevo_engine.core.staff_reports import (
    SECTIONS,
    Every,
    Known,
    Period,
    ReportNews,
    StaffReport,
    Tasks,
    context_of,
    next_due,
    period_of,
    sections_of,
)
from relevo_runtime import outbox
from relevo_runtime.postgres import Connection
from relevo_runtime.records import Record
from relevo_templates.staff import REPORT, sms_of, staff_templates
from tests.engine.conftest import MORNING, Engine, checkout, event
from tests.engine.test_staff import Heard

MADRID = ZoneInfo("Europe/Madrid")
ANA = Member(shop="sample", name="Ana", email="ana@example.com", locale="es", timezone="UTC")
BEN = Member(shop="sample", name="Ben", phone="+34600111222", channels=["sms"], timezone="UTC")
moments = st.integers(0, 366 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
zones = st.sampled_from(["Europe/Madrid", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kolkata", "UTC"]).map(
    ZoneInfo
)


@given(moments, zones, st.sampled_from(["day", "week"]))
def test_a_report_is_due_at_eight_and_of_days_that_are_over(now: datetime, zone: ZoneInfo, every: Every) -> None:
    due = next_due(every, zone, now)
    local = due.astimezone(zone)
    assert due > now
    assert (local.hour, local.minute) == (8, 0)
    assert every == "day" or local.weekday() == 0
    period = period_of(every, zone, due)
    assert period.until == local.date()
    assert (period.until - period.first).days == (1 if every == "day" else 7)
    assert period_of(every, zone, due + timedelta(hours=3)) == period  # late is the same report
    assert next_due(every, zone, due) - due <= timedelta(days=7, hours=1)


def _order(number: int, at: datetime, amount: str = "10.00", currency: str = "EUR", **more: str) -> Event:
    payload = OrderChanged(customer=Buyer(), order_id=f"o-{number}", total=Money(amount, currency), **more)  # type: ignore[arg-type]
    return event("order.placed", payload, event_id=f"o-{number}-{at}", key=f"cus_{number % 3}", at=at)


def _arrived(happened: Event | DeliveryOutcome) -> IncomingMessage:
    topic = topics.EVENTS if isinstance(happened, Event) else topics.OUTCOMES
    record = Record(topic=topic, partition=0, offset=1, key=b"", value=msgspec.json.encode(happened))
    ((arrived,), _) = read([record])
    return arrived


@given(
    st.lists(st.tuples(moments, st.decimals(0, 10**6, places=2), st.sampled_from(["EUR", "USD"])), max_size=12), zones
)
def test_orders_count_on_the_shops_own_day(orders: list[tuple[datetime, Decimal, str]], zone: ZoneInfo) -> None:
    counted, worth = Counter[tuple[date, str]](), Counter[tuple[date, str]]()
    for number, (at, amount, currency) in enumerate(orders):
        happened = _order(number, at, f"{amount:.2f}", currency)
        for place, value in shop_counts(_arrived(happened), zone, [happened]):
            assert (place.workflow, place.measure) == (THE_SHOP, "orders")
            counted[place.day, place.currency] += 1
            worth[place.day, place.currency] += value or Decimal(0)  # type: ignore[assignment]
    expected = Counter((at.astimezone(zone).date(), currency) for at, _, currency in orders)
    assert counted == expected
    assert sum(worth.values()) == sum(amount for _, amount, _ in orders)


@pytest.mark.parametrize(
    "total",
    [None, {}, {"amount": "NaN", "currency": "EUR"}, {"amount": "1e99", "currency": "E"}, 5]
    + [{"amount": amount, "currency": "EUR"} for amount in ("1E-999999999", "1e9", "", 5)]
    + [{"amount": "1.00", "currency": currency} for currency in ("E\0R", "", None)],
)
def test_an_order_whose_total_can_t_be_read_counts_without_it(total: object) -> None:
    happened = structs.replace(_order(1, MORNING), data={"order_id": "1", "total": total})
    [(place, worth)] = shop_counts(_arrived(_order(1, MORNING)), MADRID, [happened])
    assert (place.measure, place.currency, worth) == ("orders", "", None)


def _counted(measure: str, day: date, count: int, amount: int = 0) -> Counted:
    return Counted(
        version="", variant="", day=day, step="", measure=measure, detail="", currency="EUR" if amount else "",
        count=count, amount=Decimal(amount), squares=Decimal(0),
    )  # fmt: skip


DAY = Period(date(2026, 3, 2), date(2026, 3, 3))


def _known(weeks: int = 9) -> Known:
    """So many weeks with ten orders on Mondays, and forty on the last."""
    mondays = [DAY.first - timedelta(weeks=n) for n in range(weeks)]
    sold = [
        _counted("orders", one, 40 if one == DAY.first else 10, 1600 if one == DAY.first else 400) for one in mondays
    ]
    other = [_counted("orders", one + timedelta(days=1), 5000) for one in mondays[1:]]  # other weekdays are no matter
    carts = [_counted(name, DAY.first, count) for name, count in (("checkouts", 30), ("checkouts_ordered", 8))]
    flow = [_counted("started", DAY.first, 50), _counted("sent", DAY.first, 45), _counted("goal", DAY.first, 10, 500)]
    products = [f"Cup {n}" for n in range(12)]
    return Known(
        counts=[*sold, *other, *carts], workflows={"welcome": flow, "idle": []}, tasks=Tasks(open=3, overdue=1),
        sold_out=products[:10], sold_out_count=12,
    )  # fmt: skip


def test_a_day_is_compared_with_the_same_weekdays() -> None:
    sales, carts, *_ = sections_of(["carts", "sales"], _known(), DAY)
    assert [(one.name, one.value, one.standing, one.usual) for one in sales.figures[:2]] == [
        ("orders", Decimal(40), "high", Decimal(10)),
        ("orders", Decimal(1600), "high", Decimal(400)),
    ]
    assert [(one.name, one.value) for one in carts.figures] == [("checkouts", Decimal(30)), ("left", Decimal(22))]


def test_what_was_not_counted_yet_is_no_past() -> None:
    [sales] = sections_of(["sales"], _known(weeks=4), DAY)
    assert {one.standing for one in sales.figures} == {"too few to say"}


@pytest.mark.parametrize("locale", ["en", "es", "it"])
@pytest.mark.parametrize("every", ["day", "week"])
def test_each_language_says_all_of_it(locale: str, every: Every) -> None:
    known = _known()
    news = ReportNews(id="x", member=ANA, every=every, period=DAY, sections=sections_of([], known, DAY))
    context = {"notice": "report", "report": context_of(news), "member": {"name": "Ana"}, "shop": {"name": "Tea"}}
    letter = staff_templates(None, REPORT).letter(REPORT, context, [locale], "Europe/Madrid")
    text = "\n".join(letter.body)
    assert len(letter.body) == len(SECTIONS)
    assert all(one in text for one in ("40", "10", "Cup 9", "welcome", "50"))
    assert "Cup 10" not in text
    assert "{" not in text + letter.subject
    figures = sum(len(one.figures) + len(one.listed) for one in news.sections)
    assert text.count("\n- ") == figures
    assert not [line for line in text.splitlines() if line.startswith("- :")]
    short = staff_templates(None, sms_of(REPORT)).render(sms_of(REPORT), context, [locale], "Europe/Madrid")
    assert "40" in short.text


async def _sender(engine: Engine, heard: Heard) -> ReportSender[Connection]:
    messages = StaffMessages("", lambda shop: engine.definitions.of_shop(shop).shop, lambda version: None)
    return ReportSender[Connection](
        sessions=engine.pool, reports=reports, tasks=tasks, outbox=outbox, publisher=heard, messages=messages,
        served=lambda: {"sample"},
    )  # fmt: skip


async def _wants(engine: Engine, *members: Member, due_at: datetime, every: Every = "day") -> None:
    async with engine.pool.acquire() as connection, connection.transaction():
        for one in members:
            await tasks.put_member(connection, one, MORNING)
        names = [one.name for one in members]
        wanted = StaffReport(shop="sample", name="All", every=every, members=names, due_at=due_at)
        await reports.put(connection, wanted)


async def test_a_report_goes_once_a_period_to_each_reader_also_after_a_crash(engine: Engine) -> None:
    yesterday = MORNING - timedelta(days=1)
    await engine.take(checkout("t", at=yesterday), _order(1, yesterday), _order(2, yesterday, "5.00"))
    await engine.take(_order(1, yesterday), *(structs.replace(_order(2, yesterday), id="told-again") for _ in range(2)))
    due = MORNING.replace(hour=8, minute=0)
    await _wants(engine, ANA, BEN, due_at=due)
    heard = Heard()
    assert await (await _sender(engine, heard)).run_once(due - timedelta(minutes=1)) == due
    assert heard.messages == []
    heard.fails = True
    sender = await _sender(engine, heard)
    with pytest.raises(Exception, match="Kafka is away"):
        await sender.run_once(due)
    kept = await engine.pool.fetch("select id from engine.outbox where id like 'report/%'")
    heard.fails = False
    following = await (await _sender(engine, heard)).run_once(due)
    assert (heard.messages, following) == ([], due + timedelta(days=1))  # the outbox has what Kafka lacks
    assert len(kept) == 2
    await sender.run_once(due + timedelta(days=1))
    ana, ben = (one for one in heard.messages if isinstance(one, SendDelivery))
    assert [(one.recipient.first_name, one.channel, one.to) for one in (ana, ben)] == [
        ("Ana", "email", "staff"),
        ("Ben", "sms", "staff"),
    ]
    assert ana.context["report"]["first"] == due.date().isoformat()
    assert len({one.id for one in (ana, ben)} | {row["id"] for row in kept}) == 4


class _Odd:
    """The reports of the database, of which that called Odd can't be made."""

    put, claim, next_due = staticmethod(reports.put), staticmethod(reports.claim), staticmethod(reports.next_due)

    def __init__(self) -> None:
        self.asked = 0

    async def known(self, connection: Connection, shop: str, period: Period, zone: tzinfo, now: datetime) -> Known:
        self.asked += 1
        if self.asked == 1:
            await connection.execute("select 1 / 0")
        return await reports.known(connection, shop, period, zone, now)


async def test_a_report_that_can_t_be_made_costs_itself_only(engine: Engine) -> None:
    due = MORNING.replace(hour=8, minute=0)
    await _wants(engine, ANA, due_at=due - timedelta(minutes=2))
    async with engine.pool.acquire() as connection:
        other = StaffReport(shop="sample", name="Other", every="week", members=["Ana"], due_at=due)
        await reports.put(connection, other)
    heard, odd = Heard(), _Odd()
    messages = StaffMessages("", lambda shop: engine.definitions.of_shop(shop).shop, lambda version: None)
    sender = ReportSender[Connection](
        sessions=engine.pool, reports=odd, tasks=tasks, outbox=outbox, publisher=heard, messages=messages,
        served=lambda: {"sample"},
    )  # fmt: skip
    assert await sender.run_once(due) == due + timedelta(days=1)
    assert [one.context["report"]["every"] for one in heard.messages if isinstance(one, SendDelivery)] == ["week"]


async def test_orders_and_messages_of_the_shop_are_counted_once(engine: Engine) -> None:
    await engine.take(_order(1, MORNING), _order(2, MORNING, "5.00", checkout_token="c"))
    await engine.take(structs.replace(_order(1, MORNING), id="again"), checkout("t"))
    sent = DeliveryOutcome(
        id="out-1", delivery_id="r/s/1", shop="sample", key="cus_1", run_id="r", workflow="w", step="s",
        channel="email", status="sent", at=MORNING,
    )  # fmt: skip
    for delivery in ("r/s/1", "report/x/y/2026-03-01/email"):
        payload = MessageChanged(customer=Buyer(), delivery_id=delivery)
        await engine.take(event("message.delivered", payload, event_id=delivery, at=MORNING))
    await engine.take(sent, sent, structs.replace(sent, id="staff", run_id=""))
    async with engine.pool.acquire() as connection:
        known = await reports.known(
            connection, "sample", Period(MORNING.date(), MORNING.date() + timedelta(1)), UTC, MORNING
        )
        names = await results.workflows(connection, "sample")
    figures = {one.measure: (one.count, one.amount) for one in known.counts}
    assert figures == {
        "orders": (2, Decimal(15)),
        "checkouts": (1, Decimal(0)),
        "checkouts_ordered": (1, Decimal(0)),
        "sent": (1, Decimal(0)),
        "delivered": (1, Decimal(0)),
    }
    assert THE_SHOP not in names


async def test_what_is_sold_out_is_told(engine: Engine) -> None:
    rows: dict[str, dict[str, Any]] = {
        "p1": {"title": "Cup", "variants": [{"available": 0}, {"in_stock": False}]},
        "p2": {"title": "Pot", "variants": [{"available": 0}, {"available": 2}]},
        "p3": {"title": "Tea", "in_stock": False},
        "p4": {"title": "Jar"},
        "p5": {"title": "Old", "in_stock": False, "deleted_at": "2026-01-01T00:00:00Z"},
    }
    for product_id, product in rows.items():
        await engine.pool.execute(
            "insert into engine.product values ('sample', $1, $2::text::jsonb, now())",
            product_id, msgspec.json.encode(product | {"product_id": product_id}).decode(),
        )  # fmt: skip
    async with engine.pool.acquire() as connection:
        known = await reports.known(connection, "sample", DAY, UTC, MORNING)
        assert (known.sold_out, known.sold_out_count) == (["Cup", "Tea"], 2)
        assert known.tasks == Tasks()


async def test_of_much_that_is_sold_out_no_more_is_read_than_is_told(engine: Engine) -> None:
    await engine.pool.execute(
        "insert into engine.product select 'sample', 'p' || n, '{\"in_stock\": false}', now()"
        " from generate_series(1, 35) as n"
    )
    async with engine.pool.acquire() as connection:
        known = await reports.known(connection, "sample", DAY, UTC, MORNING)
    [stock] = sections_of(["stock"], known, DAY)
    assert (len(known.sold_out), len(stock.listed), stock.more) == (10, 10, 25)
    assert [one.value for one in stock.figures] == [Decimal(35)]


async def test_a_report_that_becomes_one_of_weeks_goes_though_its_first_day_had_one(engine: Engine) -> None:
    monday = datetime(2026, 3, 9, 8, tzinfo=UTC)
    heard = Heard()
    sender = await _sender(engine, heard)
    every: Every
    for due, every in ((monday - timedelta(days=6), "day"), (monday, "week")):
        await _wants(engine, ANA, due_at=due, every=every)
        await sender.run_once(due)
    sent = [one for one in heard.messages if isinstance(one, SendDelivery)]
    assert [one.context["report"]["first"] for one in sent] == ["2026-03-02", "2026-03-02"]
    assert len({one.id for one in sent}) == 2


async def test_the_reports_of_an_erased_shop_go(engine: Engine) -> None:
    await _wants(engine, ANA, due_at=MORNING)
    async with engine.pool.acquire() as connection:
        await erasure.erase_rest(connection, "sample", MORNING)
        assert await reports.of_shop(connection, "sample") == []
