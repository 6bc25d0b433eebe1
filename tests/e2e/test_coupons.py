"""A workflow that takes a code, over the command, the engine and the notifier, on the real broker and database."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from relevo_contracts import topics as names
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.payloads import Buyer, OrderChanged
from relevo_engine.settings import EngineSettings
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog, connections
from relevo_runtime.catalog import Secret
from relevo_runtime.connections import ShopConnection
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import load_workflow
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.e2e.test_calls_and_tasks import engine_runs, notifier_runs
from tests.notifier.waiting import until
from tests.platform_servers import woocommerce
from tests.platform_servers.server import serving

WORKFLOW = """
workflow: present
title: Present
change: ad-hoc
trigger: {event: order.placed}
steps:
  - coupon: {pool: welcome, as: gift, empty: [{stop: none left}]}
  - branch:
      - when: run.gift.code.startsWith("HELLO-") && run.gift.expires_at > now + duration("24h")
        steps: [{stop: has a code}]
      - otherwise:
        steps: [{stop: strange}]
"""


async def prepare(pool: Pool, settings: RuntimeSettings) -> None:
    """A shop, the workflow, and three customers with an order each."""
    at = datetime.now(UTC)
    files = {"workflow.yaml": WORKFLOW}
    definition = load_workflow(files)
    async with pool.acquire() as conn, conn.transaction():
        await catalog.add_shop(conn, catalog.Shop(shop="acme", platform="shopify", name="Acme"))
        await catalog.deploy(conn, workflow=definition.name, version=definition.version, files=files, at=at)
    async with Publisher(settings) as publisher:
        for number in range(3):
            placed = Event(
                id=f"order-{number}",
                source="test",
                type="order.placed",
                time=at,
                shop="acme",
                key=f"customer-{number}",
                data=event_data(OrderChanged(customer=Buyer(email=f"ana{number}@example.com"), order_id=str(number))),
                receivedtime=at,
            )
            key = partition_key("acme", placed.key)
            await publisher.publish(names.EVENTS, [(key, msgspec.json.encode(placed))])


async def test_two_codes_go_to_two_of_three_customers(
    settings: SettingsFactory, topics: list[str], pool: Pool, tmp_path: Path
) -> None:
    await prepare(pool, settings())
    environment, file = given(settings()), tmp_path / "codes.csv"
    file.write_text("code,expires_at\nHELLO-1,2199-01-01\nHELLO-2,2199-01-01\nNO GOOD,\n", encoding="utf-8")
    code, out, err = await relevo("coupons", "import", "acme", "welcome", str(file), **environment)
    assert (code, out) == (2, "2 codes added to the pool welcome\n")
    assert f"{file}:4: the code has spaces" in err
    code, out, _ = await relevo("coupons", "left", "acme", "welcome", "--least", "5", **environment)
    assert (code, out) == (1, "2\n")

    async def over() -> bool:
        return bool(await pool.fetchval("select count(*) = 3 from engine.run where ended_at is not null"))

    async with engine_runs(settings(EngineSettings)), notifier_runs(settings(NotifierSettings)):
        await until(over, 60)
    ends = await pool.fetch("select end_reason from engine.run order by end_reason")
    assert [row[0] for row in ends] == ["has a code", "has a code", "none left"]

    code, out, _ = await relevo("coupons", "list", "acme", "--json", **environment)
    [found] = msgspec.json.decode(out)
    assert (code, found["left"], found["taken"]) == (0, 0, 2)
    code, out, _ = await relevo("coupons", "list", "acme", **environment)
    assert ("welcome" in out, "0 (low)" in out) == (True, True)
    code, out, _ = await relevo("coupons", "warn", "acme", "welcome", "--below", "0", **environment)
    assert (code, out) == (0, "the pool welcome is never low\n")
    code, out, _ = await relevo("coupons", "warn", "acme", "welcome", **environment)
    assert (code, out) == (0, "the pool welcome is low with less than a tenth of what it was filled with\n")
    code, _, err = await relevo("coupons", "warn", "acme", "another", **environment)
    assert (code, "no pool another" in err) == (2, True)
    code, out, _ = await relevo("coupons", "expire", "acme", "welcome", **environment)
    assert (code, out) == (0, "0 codes of the pool welcome have ended\n")
    code, _, err = await relevo("coupons", "list", "nobody", **environment)
    assert (code, "nobody" in err) == (2, True)


async def test_the_shop_makes_the_codes_that_were_not_imported(
    settings: SettingsFactory, topics: list[str], pool: Pool
) -> None:
    environment = given(settings())
    async with serving(woocommerce.WooCommerceServer()) as server:
        await prepare(pool, settings())
        code, _, err = await relevo("coupons", "create", "acme", "welcome", "--percent", "10", **environment)
        assert (code, "relevo connect acme" in err) == (2, True)
        await connect(pool, server.url)
        for wrong in (["--percent", "110"], ["--amount", "5"], ["--percent", "5", "--rule", "7"], ["--rule", "7"], []):
            code, _, err = await relevo("coupons", "create", "acme", "welcome", *wrong, **environment)
            assert (code, bool(err)) == (2, True), wrong
        options = ["--percent", "10", "--minimum", "30 eur", "--prefix", "Hello"]
        code, out, _ = await relevo("coupons", "create", "acme", "welcome", *options, **environment)
        assert (code, out) == (0, "acme makes the codes of the pool welcome: 10 % off, from 30 EUR\n")

        async def over() -> bool:
            return bool(await pool.fetchval("select count(*) = 3 from engine.run where ended_at is not null"))

        async with (
            engine_runs(settings(EngineSettings)),
            notifier_runs(settings(NotifierSettings).model_copy(update={"notifier_call_hosts": "127.0.0.1"})),
        ):
            await until(over, 60)
        made = {one["code"].upper(): one["email_restrictions"] for one in server.codes}
    assert sorted(made.values()) == [[f"ana{number}@example.com"] for number in range(3)]
    code, out, _ = await relevo("coupons", "list", "acme", "--json", **environment)
    [found] = msgspec.json.decode(out)
    assert (found["taken"], found["made"]) == (3, "10 % off, from 30 EUR")
    held = await pool.fetch("select facts -> 'coupons' -> 0 ->> 'code' as code from engine.customer")
    assert {row["code"] for row in held} == set(made)
    code, out, _ = await relevo("coupons", "create", "acme", "welcome", "--stop", **environment)
    assert (code, out) == (0, "acme makes no more codes for the pool welcome\n")


async def connect(pool: Pool, url: str) -> None:
    """The shop's API is known."""
    credentials = {"consumer_key": Secret(woocommerce.KEY), "consumer_secret": Secret(woocommerce.SECRET)}
    made = ShopConnection(
        shop="acme", platform="woocommerce", base_url=url, credentials=credentials, connected_at=datetime.now(UTC)
    )
    async with pool.acquire() as conn, conn.transaction():
        await connections.connect(conn, made)
