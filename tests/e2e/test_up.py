"""`relevo up` for webhooks of one's own, and what is left when it ends: nothing."""

import asyncio
import contextlib
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from relevo_cli.sample_shop import webhooks
from relevo_cli.sample_shop.recording import DOMAIN, record
from relevo_cli.sample_shop.webhooks import Webhook
from tests.e2e.machine import family, gone, relevo, relevo_from_nothing, start, started, stopped

SECRET = "a secret of the shop"
PACK = """
workflow: pack
trigger: {{event: order.placed}}
steps:
  - http: {{url: "http://127.0.0.1:{port}/echo/orders", method: POST, body: {{order: trigger.order_id}}, as: erp}}
  - task: {{title: "Pack {{{{ trigger.order_id }}}}, called: {{{{ run.erp.ok }}}}", deadline: 1d}}
"""
pytestmark = pytest.mark.timeout(600)


@contextlib.asynccontextmanager
async def running(data: Path, *options: str) -> AsyncIterator[dict[str, Any]]:
    process = await start("up", "--json", "--port", "0", "--data", str(data), *options)
    up = await started(process)
    try:
        yield up
    finally:
        assert await stopped(process) == 0


def addresses(up: dict[str, Any]) -> dict[str, str]:
    return {"RELEVO_KAFKA": up["kafka"], "RELEVO_POSTGRES": up["postgres"]}


async def post(up: dict[str, Any], hook: Webhook, shop: str = "acme", **changes: str) -> httpx.Response:
    headers = webhooks.headers(hook, secret=SECRET, domain=DOMAIN) | changes
    async with httpx.AsyncClient() as client:
        return await client.post(f"{up['ingest']}/hooks/{shop}/shopify", content=hook.body, headers=headers)


async def mail(up: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The messages at the sinks, once there are `count`; the test's timeout is the limit."""
    async with httpx.AsyncClient() as client:
        while True:
            found: list[dict[str, Any]] = (await client.get(f"{up['sandbox']}/messages")).json()
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)


def order_of_now() -> Webhook:
    """`orders/create` of a shopper who buys directly, a minute ago."""

    def order(begins: datetime) -> Webhook:
        hooks = record(shoppers=3, begins=begins).webhooks
        return next(hook for hook in hooks if hook.topic == "orders/create" and b"shopper002" in hook.body)

    a_minute_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    return order(a_minute_ago - (order(a_minute_ago).at - a_minute_ago))


async def test_a_signed_webhook_becomes_a_mail_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    process = await start("up", "--json", "--port", "0", "--data", str(data))
    up = await started(process)
    children = family(process)
    assert len(children) >= 7  # five of ours, Kafka, PostgreSQL, and their guards
    environment = addresses(up)
    code, out, err = await relevo(
        *("shops", "add", "acme", "--platform", "shopify", "--secret", SECRET, "--title", "Acme"),
        *("--domain", DOMAIN, "--email-from", "Acme <hello@example.com>"),
        **environment,
    )
    assert (code, err) == (0, ""), err
    assert "/hooks/acme/shopify" in out
    order = order_of_now()
    while (answer := await post(up, order)).status_code == 404:
        await asyncio.sleep(0.1)  # ingest looks for new shops once a second
    assert answer.status_code == 200, answer.text
    assert (await post(up, order, **{"X-Shopify-Hmac-Sha256": "AAAA"})).status_code == 401
    [message] = await mail(up, 1)
    assert message["to"] == "shopper002@example.com"
    code, out, _ = await relevo("dead-letters", "list", "--json", **environment)
    assert (code, json.loads(out)) == (0, [])
    code, out, err = await relevo_from_nothing("up", "--port", "0", "--data", str(data))
    assert (code, out) == (2, "")
    assert "is in use by process" in err
    assert "Traceback" not in err
    assert await stopped(process) == 0
    await gone(children)


async def test_calls_and_tasks_work_without_further_settings(tmp_path: Path) -> None:
    flow = tmp_path / "pack"
    flow.mkdir()
    (flow / "workflow.yaml").write_text(PACK.format(port=0))
    async with running(tmp_path / "data", "--workflows", str(flow)) as up:
        environment = addresses(up)
        # The sandbox has another port each time here, so the workflow that calls it is deployed when it is known.
        (flow / "workflow.yaml").write_text(PACK.format(port=up["sandbox"].rpartition(":")[2]))
        code, out, err = await relevo("deploy", str(flow), "--yes", **environment)
        assert code == 0, err
        await followed(Path(up["logs"]) / "engine.log", int(out.rsplit("revision", 1)[1]))
        tokens = ("--token", "for-events", "--task-token", "for-tasks")
        await relevo("shops", "add", "acme", "--platform", "shopify", "--secret", SECRET, *tokens, **environment)
        await relevo("tasks", "staff", "add", "acme", "Ana", **environment)
        await post_order(up)
        async with httpx.AsyncClient(headers={"Authorization": "Bearer for-tasks"}) as client:
            tasks = f"{up['tasks']}/acme"
            while not (found := (await client.get(tasks)).json()):
                await asyncio.sleep(0.1)
            assert found[0]["title"] == "Pack o-1, called: true"
            [call] = (await client.get(f"{up['sandbox']}/calls")).json()
            assert (call["path"], call["body"]) == ("/echo/orders", {"order": "o-1"})
            done = await client.post(f"{tasks}/{found[0]['task_id']}/complete", json={"by": "Ana"})
            assert done.status_code == 202, done.text
            while (await client.get(tasks)).json():
                await asyncio.sleep(0.1)


async def followed(log: Path, revision: int) -> None:
    """Waits until the engine knows this revision of the catalog: an event before that starts the version before."""
    while max([0, *map(int, re.findall(r'"revision":(\d+)', log.read_text()))]) < revision:
        await asyncio.sleep(0.1)


async def post_order(up: dict[str, Any]) -> None:
    """An `order.placed` as a CloudEvent; ingest looks for new shops once a second."""
    event = {
        **{"specversion": "1.0", "id": "1", "source": "shop", "type": "order.placed"},
        "data": {"order_id": "o-1", "customer": {"email": "ana@example.com"}},
    }
    headers = {"Authorization": "Bearer for-events", "Content-Type": "application/cloudevents+json"}
    async with httpx.AsyncClient(headers=headers) as client:
        while (answer := await client.post(f"{up['ingest']}/events/acme", json=event)).status_code == 401:
            await asyncio.sleep(0.1)
    assert answer.status_code == 200, answer.text


async def killed(server: Path) -> None:
    """kill -9 of the server in this folder; returns once another one runs. Its file comes and goes, empty at first."""
    pid = (server / "server.pid").read_text()
    os.kill(int(pid), signal.SIGKILL)
    found = pid
    while found in ("", pid):
        await asyncio.sleep(0.1)
        with contextlib.suppress(FileNotFoundError):
            found = (server / "server.pid").read_text()


async def test_kill_9_of_kafka_and_postgresql_is_told_and_the_services_go_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    process = await start("up", "--json", "--port", "0", "--data", str(data))
    up = await started(process)
    environment = addresses(up)
    added = (
        "--platform",
        "shopify",
        "--secret",
        SECRET,
        "--domain",
        DOMAIN,
        "--email-from",
        "Acme <hello@example.com>",
    )
    code, _, err = await relevo("shops", "add", "acme", *added, **environment)
    assert code == 0, err
    await asyncio.gather(killed(data / "kafka"), killed(data / "postgres"))
    while (await post(up, order_of_now())).status_code != 200:
        await asyncio.sleep(0.1)  # 503 until both are back: the shop posts again
    [message] = await mail(up, 1)
    assert message["to"] == "shopper002@example.com"
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert process.returncode == 0
    for name in ("Kafka", "PostgreSQL"):
        assert f"{name} died; starting it again on the same data" in said.decode()


async def test_a_server_that_dies_at_each_start_ends_the_system_with_its_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    process = await start("up", "--json", "--port", "0", "--data", str(data))
    await started(process)
    children = family(process)
    (data / "postgres" / "data" / "PG_VERSION").write_text("7\n")
    os.kill(int((data / "postgres" / "server.pid").read_text()), signal.SIGKILL)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "PostgreSQL died 5 times in a row and is not started again" in said.decode()
    assert "Traceback" not in said.decode()
    await gone(children)


async def test_kill_9_of_the_parent_leaves_no_process_and_no_lock_and_loses_no_state(tmp_path: Path) -> None:
    data = tmp_path / "data"
    process = await start("up", "--json", "--port", "0", "--data", str(data))
    up = await started(process)
    children = family(process)
    code, _, err = await relevo("shops", "add", "acme", "--platform", "shopify", "--secret", SECRET, **addresses(up))
    assert code == 0, err
    process.kill()
    await process.communicate()
    await gone(children)
    async with running(data) as again:
        assert again["pid"] != process.pid
        code, out, _ = await relevo("shops", "list", "--json", **addresses(again))
        assert [shop["shop"] for shop in json.loads(out)] == ["acme"]
