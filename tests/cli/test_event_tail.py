"""`relevo events tail`: what arrived, what it became, what it started; it only looks."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from relevo_contracts.envelope import Event
from relevo_contracts.messages import Unrecognised
from relevo_contracts.topics import EVENTS, UNRECOGNISED
from relevo_runtime import catalog
from relevo_runtime.clock import SystemClock
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from relevo_runtime.sealing import MAGIC, Seals
from relevo_runtime.settings import RuntimeSettings
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo

NOW = SystemClock().now()


def event(number: int, shop: str = "tea") -> Event:
    return Event(
        id=f"e-{number}",
        source="erp",
        type="order.placed",
        time=NOW,
        receivedtime=NOW,
        shop=shop,
        key="cus_1",
        data={"customer": {"email": "ana@example.com"}, "order_id": str(number)},
    )


async def publish(own: RuntimeSettings, pool: Pool, topic: str, messages: Sequence[tuple[str, Any]]) -> None:
    """As ingest does: sealed with the person's or the shop's key."""
    async with Publisher(own, seals=Seals(pool, own)) as publisher:
        await publisher.publish(topic, [(key.encode(), msgspec.json.encode(value)) for key, value in messages])


async def decided(pool: Pool, number: int) -> None:
    await pool.execute(
        "insert into engine.decision (shop, key, recorded_at, at, workflow, version, run_id, input, input_id, kind,"
        " reason, path, trace) values ('tea', 'cus_1', $1, $1, 'thanks', 'v', 'r-1', 'event', $2, 'started', 'it was"
        " paid', '{}', '{}')",
        NOW,
        f"e-{number}",
    )


@pytest.fixture
async def shop(pool: Pool, topics: list[str], settings: SettingsFactory) -> RuntimeSettings:
    assert topics
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, catalog.Shop(shop="tea", platform="shopify"))
    return settings()


async def test_what_arrived_what_it_became_and_what_it_started(shop: RuntimeSettings, pool: Pool) -> None:
    kept = Unrecognised(
        id="w-1",
        shop="tea",
        platform="shopify",
        topic="draft_orders/create",
        reason="a draft order is not an order yet",
        receivedtime=NOW,
        body={"email": "ana@example.com"},
    )
    await publish(shop, pool, EVENTS, [("tea/cus_1", event(1)), ("coffee/cus_1", event(2, "coffee"))])
    await publish(shop, pool, UNRECOGNISED, [("tea/shop", kept)])
    await decided(pool, 1)
    code, out, err = await relevo("events", "tail", "tea", "--json", "--since", "1h", **given(shop))
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert sorted(line["type"] for line in lines) == ["decision", "event", "unrecognised"]
    [arrived] = [line["event"] for line in lines if line["type"] == "event"]
    assert (arrived["id"], arrived["data"]["order_id"]) == ("e-1", "1"), "opened, and of this shop alone"
    [started] = [line for line in lines if line["type"] == "decision"]
    assert (started["event_id"], started["workflow"], started["kind"]) == ("e-1", "thanks", "started")
    code, out, _ = await relevo("events", "tail", "tea", **given(shop))
    assert "order.placed  e-1  cus_1" in out
    assert "e-1: thanks started  r-1  it was paid" in out
    assert "not recognised (no_event)  draft_orders/create  w-1: a draft order" in out


async def test_what_can_not_be_read_is_told_with_its_place_and_hides_nothing(shop: RuntimeSettings, pool: Pool) -> None:
    async with Publisher(shop) as publisher:
        for topic in (EVENTS, UNRECOGNISED):
            await publisher.publish(topic, [(b"tea/cus_1", MAGIC + b"cut"), (b"tea/cus_1", b'{"id": "\xff"}')])
    await publish(shop, pool, EVENTS, [("tea/cus_1", event(1))])
    code, out, err = await relevo("events", "tail", "tea", "--json", **given(shop))
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert sorted(line["type"] for line in lines) == ["event", *["unreadable"] * 4]
    places = {line["place"].rsplit("/", 2)[0] for line in lines if line["type"] == "unreadable"}
    assert places == {EVENTS, UNRECOGNISED}
    code, out, _ = await relevo("events", "tail", "tea", **given(shop))
    assert (code, out.count("can't be read  relevo.")) == (0, 4)


async def test_what_can_not_be_followed_is_told(shop: RuntimeSettings) -> None:
    code, out, err = await relevo("events", "tail", "tea", **given(shop))
    assert (code, err) == (0, "")
    assert "nothing arrived in that time" in out
    for arguments, sentence in (
        (("tee",), "tee"),
        (("tea", "--since", "soon"), "--since: 'soon' is not a duration"),
        (("tea", "--since", "-5m"), "lies in the future"),
    ):
        code, _, err = await relevo("events", "tail", *arguments, **given(shop))
        assert code == 2
        assert sentence in err
        assert "Traceback" not in err


async def test_it_follows_until_it_is_stopped(shop: RuntimeSettings, pool: Pool) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relevo_cli", "events", "tail", "tea", "--follow", "--json"),
        env=os.environ | given(shop),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    await publish(shop, pool, EVENTS, [("tea/cus_1", event(1))])
    assert json.loads(await asyncio.wait_for(process.stdout.readline(), 120))["event"]["id"] == "e-1"
    await decided(pool, 1)
    assert json.loads(await asyncio.wait_for(process.stdout.readline(), 120))["kind"] == "started"
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 120) == 0
    assert await process.stderr.read() == b""
