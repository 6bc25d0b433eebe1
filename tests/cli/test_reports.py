"""`relevo reports`: what the staff gets each day or week, and one at once."""

import json
from datetime import UTC, date
from decimal import Decimal

import pytest

from relevo_contracts.staff import Member
from relevo_engine.adapters import results, tasks
from relevo_engine.core.results import Amount, CountKey
from relevo_engine.core.shop_figures import THE_SHOP
from relevo_engine.core.staff_reports import period_of
from relevo_runtime import catalog
from relevo_runtime.clock import make_clock
from relevo_runtime.postgres import Pool
from relevo_runtime.settings import RuntimeSettings
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo


@pytest.fixture
async def own(pool: Pool, settings: SettingsFactory) -> RuntimeSettings:
    now = make_clock(settings()).now()
    day: date = period_of("day", UTC, now).first
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="shopify", name="Tea", locale="es"))
        await tasks.put_member(connection, Member(shop="tea", name="Ana", email="ana@example.com"), now)
    sold = {CountKey("tea", THE_SHOP, "", "", day, "", "orders", "", "EUR"): Amount(12, Decimal(480))}
    part = results.adding(sold, 1)
    await pool.execute(part.sql, *part.parameters)
    return settings()


async def test_a_report_is_wanted_listed_and_wanted_no_more(own: RuntimeSettings) -> None:
    asked = ("reports", "add", "tea", "Monday", "--every", "week", "--to", "Ana", "--section", "sales")
    code, out, err = await relevo(*asked, **given(own))
    assert (code, "Monday goes to Ana, first " in out, "08:00" in out) == (0, True, True), err
    _, out, _ = await relevo("reports", "list", "tea", **given(own))
    assert out.startswith("Monday: each week, sales, to Ana; next ")
    code, out, _ = await relevo("reports", "remove", "tea", "Monday", **given(own))
    assert (code, out) == (0, "Monday is sent no more\n")
    assert await relevo("reports", "list", "tea", **given(own)) == (0, "no reports\n", "")
    code, _, err = await relevo("reports", "remove", "tea", "Monday", **given(own))
    assert (code, "tea has no report 'Monday'" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tea", "Daily", "--to", "Ben"), "tea has nobody 'Ben' on its staff; it has Ana"),
        (("tea", "Daily", "--to", "Ana", "--section", "luck"), "there is no section 'luck'; there are sales, carts"),
        (("pot", "Daily", "--to", "Ana"), "pot"),
    ],
)
async def test_what_is_wrong_is_said(own: RuntimeSettings, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = await relevo("reports", "add", *arguments, **given(own))
    assert (code, said in err) == (2, True), err


async def test_one_is_printed_at_once_in_the_language_that_is_asked_for(own: RuntimeSettings) -> None:
    code, out, err = await relevo("reports", "show", "tea", "--section", "sales", **given(own))
    assert code == 0, err
    assert "- Pedidos: 12 (muy pocos datos" in out
    _, out, _ = await relevo("reports", "show", "tea", "--section", "sales", "--locale", "en", **given(own))
    assert "- Revenue: €480.00 (too few to say what is usual)" in out
    _, out, _ = await relevo("reports", "show", "tea", "--section", "sales", "--json", **given(own))
    assert json.loads(out)["sections"][0]["figures"][0]["value"] == "12"
