"""`relevo results` on counts that stand in the table."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from relevo_engine.adapters import results
from relevo_engine.core.results import HOLDOUT, Amount, CountKey
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from relevo_runtime.settings import RuntimeSettings
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.engine.conftest import CART, deploy

DAY = date(2026, 3, 2)
SINCE = ("--since", "2026-03-01")


def _place(measure: str, variant: str = "", step: str = "", detail: str = "") -> CountKey:
    currency = "EUR" if measure == "goal" else ""
    return CountKey("tea", "offer", "v1", variant, DAY, step, measure, detail, currency)


COUNTS = {
    _place("started"): Amount(1000),
    _place("assigned", "split-1/a", "split-1/a"): Amount(500),
    _place("assigned", "split-1/b", "split-1/b"): Amount(500),
    _place("sent", "split-1/a", "send-offer", "email"): Amount(480),
    _place("goal", "split-1/a"): Amount(200, Decimal(4000), Decimal(90000)),
    _place("goal", "split-1/b"): Amount(100, Decimal(2000), Decimal(45000)),
    _place("started", HOLDOUT): Amount(100),
    _place("goal", HOLDOUT): Amount(10, Decimal(200), Decimal(4500)),
}


@pytest.fixture
async def own(settings: SettingsFactory, pool: Pool) -> RuntimeSettings:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="shopify", currency="EUR"))
    for writer in (1, 2):  # readers add up what transactions side by side have counted
        part = results.adding({place: Amount(1) for place in COUNTS}, writer)
        await pool.execute(part.sql, *part.parameters)
    left = {place: Amount(one.count - 2, one.amount, one.squares) for place, one in COUNTS.items()}
    part = results.adding(left, 1)
    await pool.execute(part.sql, *part.parameters)
    return settings()


async def test_it_tells_what_a_workflow_made_against_the_holdout(own: RuntimeSettings) -> None:
    code, out, err = await relevo("results", "offer", "--shop", "tea", *SINCE, **given(own))
    assert code == 0, err
    assert out.splitlines() == [
        "offer of tea, runs that started since 2026-03-01 (UTC)",
        "  1000 started, 0 ended, 300 reached the goal (30.0%, 27.2% to 32.9%)",
        "  revenue 6000.00 EUR",
        "  messages: 480 sent",
        "  holdout: 100 got nothing, 10 of them reached the goal (10.0%, 5.5% to 17.4%); the workflow makes"
        " +20.0 points of difference (+12.1 to +25.3): better",
        "  revenue a run: +4.00 EUR (+2.60 to +5.40): better",
    ]


async def test_arms_of_a_split_stand_side_by_side(own: RuntimeSettings) -> None:
    code, out, err = await relevo("results", "offer", "--shop", "tea", *SINCE, "--by", "variant", **given(own))
    assert code == 0, err
    rows = [line for line in out.splitlines() if "split-1/" in line]
    assert ["480" in row for row in rows] == [True, False]
    assert [row.count("█") for row in rows] == [20, 10]


async def test_json_has_all_of_it(own: RuntimeSettings) -> None:
    arguments = ("results", "offer", "--shop", "tea", *SINCE, "--by", "step", "--json")
    code, out, err = await relevo(*arguments, **given(own))
    assert code == 0, err
    shown = json.loads(out)
    assert (shown["report"]["total"]["runs"], shown["report"]["holdout"]["verdict"]) == (1000, "better")
    assert [(one["name"], one["messages"]["sent"]) for one in shown["report"]["groups"]] == [("send-offer", 480)]


async def test_a_workflow_without_counts_and_one_that_is_not_there(own: RuntimeSettings, pool: Pool) -> None:
    await deploy(pool, CART)
    code, out, err = await relevo("results", "cart", "--shop", "tea", **given(own))
    assert (code, "  0 started" in out) == (0, True), err
    code, _, err = await relevo("results", "nothing", "--shop", "tea", **given(own))
    assert (code, "tea has no workflow 'nothing'; it has cart, offer" in err) == (2, True)


TESTED = CART | {
    "workflow.yaml": """
workflow: offer
title: Offer
trigger: {event: checkout.started}
steps:
  - id: price
    split:
      variants:
        - {name: low, steps: [{send: {channel: email, template: reminder, purpose: transactional}}]}
        - {name: high}
      winner: {after: 3d, by: clicks, least: 4}
""",
}


async def test_a_test_of_variants_shows_how_it_stands_and_who_has_won(own: RuntimeSettings, pool: Pool) -> None:
    await deploy(pool, TESTED)
    counted = {
        _place("assigned", "price/low", "price/low"): Amount(7),
        _place("assigned", "price/high", "price/high"): Amount(3),
        _place("cost", "price/low", "mail", "sms")._replace(currency="EUR"): Amount(480, Decimal("38.4")),
        _place("rated_nps", "price/low", "mail", "all-well/score/9"): Amount(3, Decimal(27)),
        _place("rated_nps", "price/low", "mail", "all-well/score/6"): Amount(1, Decimal(6)),
    }
    part = results.adding(counted, 1)
    await pool.execute(part.sql, *part.parameters)
    asked = ("results", "offer", "--shop", "tea", *SINCE)
    _, out, err = await relevo(*asked, **given(own))
    stands = "  test price: low 7 runs, high 3 runs; by clicks, not before 2026-03-06 (UTC) and 4 runs of each"
    assert stands in out.splitlines(), err
    assert "  cost 38.40 EUR for 480 messages, 0.0800 each; revenue minus cost 5961.60 EUR" in out
    assert "  all-well, score: 9: 3, 6: 1 (mean 8.2) (net promoter score +50)" in out
    async with pool.acquire() as connection, connection.transaction():
        at = datetime(2026, 3, 7, 9, tzinfo=UTC)
        await catalog.decide_winner(connection, "tea", "offer", step="price", variant="low", at=at)
    _, out, err = await relevo(*asked, **given(own))
    assert "  test price: low has won by clicks, 2026-03-07 09:00 (UTC)" in out.splitlines(), err


async def test_by_step_it_tells_where_runs_wait_and_are_lost(own: RuntimeSettings, pool: Pool) -> None:
    counted = {
        _place("reached", step="wait-1d"): Amount(40),
        _place("reached", step="send-offer"): Amount(10),
        _place("waited", step="wait-1d", detail="3600"): Amount(11, Decimal(20_000)),
        _place("waited", step="wait-1d", detail="86400"): Amount(9, Decimal(700_000)),
        _place("ended", step="wait-1d", detail="bought"): Amount(10),
        _place("ended", step="send-offer", detail="completed"): Amount(10),
    }
    part = results.adding(counted, 1)
    await pool.execute(part.sql, *part.parameters)
    _, out, err = await relevo("results", "offer", "--shop", "tea", *SINCE, "--by", "step", **given(own))
    shown = out.splitlines()
    assert "  runs wait longest at wait-1d: 10h, half within 1h" in shown, err
    assert "  most are lost at wait-1d: 10 of 40 (25%); 10 bought" in shown
    assert [line.split()[:2] for line in shown[-3:]] == [["step", "runs"], ["wait-1d", "40"], ["send-offer", "10"]]
