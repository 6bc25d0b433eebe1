"""A shop's year with all workflows of the library together: nothing happens to a customer that may never happen."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from relevo_contracts.checking import faults_of
from relevo_contracts.payloads import EVENT_TYPES
from relevo_workflow import Run
from tests.year import rules
from tests.year.__main__ import table
from tests.year.life import Happening, Life, life
from tests.year.shop_year import Message, Year, years

SEED = 1
POPULATION = 60
"""`python -m tests.year --customers 300` lives more of them."""
NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def lived() -> list[Year]:
    return list(years(SEED, POPULATION))


def test_no_rule_is_broken_in_a_year(lived: list[Year]) -> None:
    assert [fault for year in lived for fault in rules.broken(year)] == []


def test_all_series_of_customers_take_part(lived: list[Year]) -> None:
    """A rule proves nothing about what never happens."""
    sent = Counter(one.workflow for year in lived for one in year.messages)
    wanted = {
        *("abandoned-cart", "back-in-stock", "birthday", "browse-reminder", "cross-sell", "order-status"),
        *("post-purchase", "return", "shipping", "sunset", "welcome", "win-back"),
    }
    assert wanted <= {*sent}
    assert sum(year.skipped.get("capped", 0) for year in lived) > 0
    assert sum(year.skipped.get("no_consent", 0) for year in lived) > 0
    assert sum(year.skipped.get("recalled", 0) for year in lived) > 0


def test_a_life_is_the_same_for_the_same_seed() -> None:
    assert life(3, 4) == life(3, 4)
    assert life(3, 4) != life(4, 4)


def test_what_happens_are_events_that_a_shop_could_send() -> None:
    happenings = [one for number in range(POPULATION) for one in life(SEED, number).happenings]
    faults = {(one.event, fault.message) for one in happenings for fault in faults_of(EVENT_TYPES[one.event], one.data)}
    assert faults == set()


def a_year(happenings: Sequence[tuple[datetime, str, dict[str, Any]]], *messages: Message) -> Year:
    """A customer who agreed long ago, to whom just this happened and came."""
    agreed = Happening(NOON - 90 * DAY, "consent.changed", {"state": "granted"})
    lives = Life(0, [agreed, *(Happening(*one) for one in happenings)])
    return Year(lives, list(messages), {}, [], [], [])


def mail(sent: datetime, workflow: str = "welcome", template: str = "hello", run: str = "r") -> Message:
    return Message(sent, sent, workflow, run, template, workflow not in {"order-status", "shipping", "return"})


ORDER: tuple[datetime, str, dict[str, Any]] = (NOON, "order.placed", {"order_id": "o-1"})
WITHDRAWN: tuple[datetime, str, dict[str, Any]] = (NOON, "consent.changed", {"state": "withdrawn"})
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("year", "rule"),
    [
        (a_year([], *(mail(NOON + n * HOUR) for n in range(3))), rules.over_the_caps),
        (a_year([], *(mail(NOON + n * DAY) for n in range(6))), rules.over_the_caps),
        (a_year([WITHDRAWN], mail(NOON + HOUR)), rules.without_consent),
        (structs.replace(a_year([], mail(NOON + HOUR)), withdrawn=[NOON]), rules.without_consent),
        (structs.replace(a_year([WITHDRAWN]), coupons=[NOON + HOUR]), rules.codes_without_consent),
        (a_year([], mail(NOON + 10 * HOUR)), rules.in_quiet_hours),
        (a_year([ORDER], mail(NOON + 30 * DAY, "sunset")), rules.soon_after_an_order),
        (a_year([ORDER], mail(NOON + DAY, "win-back")), rules.come_back_while_a_parcel_is_under_way),
        (
            a_year([], *(mail(NOON + n * DAY, "abandoned-cart") for n in (0, 2)), mail(NOON + DAY, "browse-reminder")),
            rules.two_voices_for_one_cart,
        ),
        (
            a_year([], *(mail(NOON + n * DAY, "win-back") for n in (0, 2)), mail(NOON + DAY, "sunset")),
            rules.win_back_and_sunset_at_once,
        ),
        (
            a_year([ORDER], structs.replace(mail(NOON + HOUR, "abandoned-cart"), decided=NOON - HOUR)),
            rules.held_back_past_an_order,
        ),
        (structs.replace(a_year([], mail(NOON + HOUR)), cut_short={"r": NOON}), rules.after_its_run),
        (a_year([ORDER]), rules.not_once),
        (a_year([ORDER], *(mail(NOON, "order-status", "confirmation", run) for run in "ab")), rules.not_once),
    ],
)
def test_each_rule_finds_what_breaks_it(year: Year, rule: rules.Rule) -> None:
    assert list(rule(year))


def test_a_year_without_faults_breaks_nothing() -> None:
    year = a_year([ORDER], mail(NOON, "order-status", "confirmation"), mail(NOON + HOUR), mail(NOON + 2 * HOUR))
    assert rules.broken(structs.replace(year, messages=year.messages[:1])) == []
    assert rules.broken(a_year([], mail(NOON), mail(NOON + HOUR), mail(NOON + 25 * HOUR))) == []


def test_the_table_has_each_workflow_by_month() -> None:
    rows = table([mail(NOON), mail(NOON + 40 * DAY), mail(NOON, "birthday")])
    assert rows[0].split() == ["workflow", "26-03", "26-04", "all"]
    assert rows[1].split() == ["birthday", "1", "0", "1"]
    assert rows[2].split() == ["welcome", "1", "1", "2"]


def test_a_run_that_goes_on_is_found() -> None:
    run = Run(id="r", workflow="welcome", version="v", key="k", customer="c", started_at=NOON, at=NOON, step="wait")
    assert list(rules.without_end(structs.replace(a_year([]), runs=[run]))) == ["welcome is still at wait"]
