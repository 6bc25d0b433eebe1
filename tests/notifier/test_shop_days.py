"""Systems are given the days of the shop: a sale at half past eleven at night is of that day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_contracts.messages import CallHttp, SystemWanted
from relevo_contracts.parts import Money
from relevo_contracts.systems import OPERATIONS
from relevo_contracts.systems.accounting import Bill, InvoiceLine, RecordPayment
from relevo_contracts.systems.operation import PlainDay
from relevo_contracts.zones import zone_of
from relevo_notifier.core.systems import Access, SystemCall, given_of, local_day
from relevo_notifier.systems.xero import requests

ZONES = ("Europe/Madrid", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC")
INSTANTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, *map(zone_of, ZONES)]),
)
WITH_DAYS = [
    (operation.name, field.name)
    for operation in OPERATIONS.values()
    for field in structs.fields(operation.given)
    if field.type == PlainDay
]


def call_of(operation: str, values: dict[str, Any]) -> CallHttp:
    return CallHttp(
        id="run1/step/1", shop="acme", key="customer-1", run_id="run1", workflow="flow", step="step", method="", url="",
        timeout_seconds=5.0, decided_at=datetime(2026, 3, 10, tzinfo=UTC),
        system=SystemWanted(operation=operation, given=values),
    )  # fmt: skip


@given(at=INSTANTS, zone=st.sampled_from(ZONES))
def test_a_time_is_the_day_that_it_is_in_the_shop(at: datetime, zone: str) -> None:
    assert local_day(at.isoformat(), zone_of(zone)) == at.astimezone(zone_of(zone)).date().isoformat()


@given(day=st.dates(), zone=st.sampled_from(ZONES))
def test_what_is_a_day_already_stays_that_day(day: date, zone: str) -> None:
    assert local_day(day.isoformat(), zone_of(zone)) == day.isoformat()


@given(day=st.dates(date(1990, 1, 1), date(2090, 1, 1)), zone=st.sampled_from(ZONES))
def test_a_sale_late_at_night_and_one_early_in_the_morning_are_of_their_own_day(day: date, zone: str) -> None:
    """Also where clocks change that night: the last and the first half hour of a day are its own."""
    for hour, minute in ((23, 30), (0, 30)):
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone_of(zone))
        again = local.astimezone(UTC).astimezone(zone_of(zone))
        assert local_day(local.astimezone(UTC).isoformat(), zone_of(zone)) == again.date().isoformat()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-28T22:30:00Z", "2026-03-28"),  # 23:30, an hour before UTC's, the night before clocks change
        ("2026-03-29T21:30:00Z", "2026-03-29"),  # 23:30 in summer
        ("2026-03-29T22:30:00+00:00", "2026-03-30"),
        ("2026-10-25T22:30:00Z", "2026-10-25"),  # 23:30 again in winter
        ("2026-10-24T22:30:00Z", "2026-10-25"),
        ("2026-03-01T23:30:00", "2026-03-01"),  # says no zone
        ("2026-03-01Tfive", "2026-03-01"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01"),  # no day before it
        ("9999-12-31T23:59:59-12:00", "9999-12-31"),
        ("", ""),
    ],
)
def test_the_days_of_madrid(written: str, day: str) -> None:
    assert local_day(written, zone_of("Europe/Madrid")) == day


@pytest.mark.parametrize(("operation", "field"), WITH_DAYS, ids=[".".join(one) for one in WITH_DAYS])
def test_every_day_of_every_operation_is_one_of_the_shop(operation: str, field: str) -> None:
    example: dict[str, Any] = {
        one.name: _any(one.type) for one in structs.fields(OPERATIONS[operation].given) if one.required
    }
    found = given_of(call_of(operation, example | {field: "2026-07-01T22:30:00Z"}), zone_of("Europe/Madrid"))
    assert getattr(found, field) == "2026-07-02"


def _any(kind: Any) -> Any:
    """A value that fits a required field."""
    values: tuple[Any, ...] = ("x", {"amount": "1.00", "currency": "EUR"}, [])
    for value in values:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            continue
        return value
    raise AssertionError(kind)


def test_a_document_without_a_day_is_of_the_shops_today() -> None:
    access = Access(
        shop="acme", port="accounting", system="xero", base_url="https://x.example",
        credentials={}, settings={"bank_account": "090"}, timezone="Europe/Madrid",
    )  # fmt: skip
    late = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    call = SystemCall(access=access, reference="relevo-" + "0" * 32, repeated=False, now=late)
    price = Money(amount="1.00", currency="EUR")
    bill = Bill(reference="1", name="Ana", items=[InvoiceLine(title="Mug", price=price)])
    asked = requests.document("Invoices", bill, {"ContactID": "c"}, call).body["Invoices"][0]
    assert (asked["Date"], asked["DueDate"]) == ("2026-07-02", "2026-07-02")
    paid = requests.payment(RecordPayment(document_id="d", amount=price), call).body["Payments"][0]
    assert paid["Date"] == "2026-07-02"
    before = msgspec.structs.replace(call, now=late - timedelta(hours=1))
    earlier = requests.payment(RecordPayment(document_id="d", amount=price), before).body["Payments"][0]
    assert earlier["Date"] == "2026-07-01"
