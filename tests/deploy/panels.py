"""Each panel of the dashboards shows what a working system counts: a real Prometheus reads `relevo up`, and is asked.

Run by `make test-alerts`; it needs `prometheus` (Debian's package of that name).
"""

import asyncio
import contextlib
import math
import shutil
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml

from relevo_cli.sample_shop.recording import DOMAIN
from relevo_embedded.process import free_ports
from tests.deploy.test_dashboards import TARGETS
from tests.e2e.machine import relevo
from tests.e2e.test_up import SECRET, addresses, order_of_now, post, running

pytestmark = pytest.mark.timeout(600)
ROUNDS = 500
FLOW = """
workflow: thanks
trigger: {event: order.placed}
steps:
  - wait: 1s
  - send: {channel: email, template: thanks, purpose: transactional}
"""
TEMPLATE = """
channel: email
layout: message
en:
  subject: Thanks
  preview: Thanks
  heading: Thanks
  body: [Thank you.]
"""
NOT_HERE = {
    "relevo_poll": "no shop is polled",
    "relevo_records_polled": "no shop is polled",
    "relevo_visits": "no storefront tells of visitors",
    "relevo_provider_feedback": "the sandbox tells nothing of what it took",
    "relevo_messages_received": "nobody writes",
    "relevo_coupons": "no workflow asks for a code",
    "relevo_link_hits": "the shop follows no links",
    "relevo_records_parked": "no shop is paused",
    "relevo_dead_letters": "nothing fails",
    "relevo_publish_failures": "nothing fails",
    "relevo_loop_failures": "nothing fails",
    "relevo_spans_dropped": "nothing fails",
    "relevo_values_left_out": "nothing fails",
    'status="failed"': "nothing fails",
}
"""What this system does not count, and why. Prometheus has to understand its queries all the same."""


@contextlib.asynccontextmanager
async def prometheus(up: dict[str, Any], folder: Path) -> AsyncIterator[str]:
    """Prometheus that reads each service every second; where it answers."""
    found = shutil.which("prometheus")
    assert found, "it needs Prometheus: Debian's package prometheus has it"
    targets = [
        {"targets": [url.removeprefix("http://")], "labels": {"service": name}} for name, url in up["admin"].items()
    ]
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "relevo", "static_configs": targets}],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_ports(1)[0]}"
    process = await asyncio.create_subprocess_exec(
        *(found, f"--config.file={folder / 'prometheus.yaml'}", f"--storage.tsdb.path={folder / 'series'}"),
        f"--web.listen-address={address}",
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=STDOUT,
    )
    try:
        yield f"http://{address}/api/v1/query"
    finally:
        process.terminate()
        await process.wait()


async def shown(client: httpx.AsyncClient, url: str, target: dict[str, Any]) -> bool:
    """Whether a panel has a number to show now. A query that Prometheus does not understand fails."""
    query = target["expr"].replace("$__rate_interval", "1m")
    answer = (await client.get(url, params={"query": query})).json()
    assert answer["status"] == "success", answer
    return any(math.isfinite(float(series["value"][1])) for series in answer["data"]["result"])


async def prepared(up: dict[str, Any], folder: Path) -> None:
    """A shop that thanks for orders."""
    known = ("--platform", "shopify", "--domain", DOMAIN, "--secret", SECRET, "--token", "for-events")
    code, _, err = await relevo("shops", "add", "acme", *known, "--email-from", "a@example.com", **addresses(up))
    assert code == 0, err
    code, _, err = await relevo("deploy", str(folder), "--yes", "--author", "ann", **addresses(up))
    assert code == 0, err


async def something_happens(client: httpx.AsyncClient, up: dict[str, Any], number: int) -> None:
    """An order, a webhook of a topic without events, and one that is not genuine."""
    event = {"specversion": "1.0", "id": str(number), "source": "shop", "type": "order.placed"}
    data = {"order_id": f"o-{number}", "customer": {"email": f"ana{number}@example.com"}}
    headers = {"Authorization": "Bearer for-events", "Content-Type": "application/cloudevents+json"}
    await client.post(f"{up['ingest']}/events/acme", json=event | {"data": data}, headers=headers)
    themes = order_of_now()
    themes = msgspec.structs.replace(themes, topic="themes/update", body=b"{}", webhook_id=f"w-{number}")
    await post(up, themes)
    await post(up, themes, **{"X-Shopify-Hmac-Sha256": "AAAA"})


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows" / "thanks"
    (folder / "templates").mkdir(parents=True)
    (folder / "workflow.yaml").write_text(FLOW)
    (folder / "templates/thanks.yaml").write_text(TEMPLATE)
    for name in ("layouts", "blocks"):
        shutil.copytree(Path(__file__).parents[2] / "workflows" / name, tmp_path / "workflows" / name)
    return folder.parent


async def test_each_panel_shows_what_a_system_counts(tmp_path: Path, flow: Path) -> None:
    async with (
        running(tmp_path / "data", "--workflows", str(flow)) as up,
        prometheus(up, tmp_path) as url,
        httpx.AsyncClient() as client,
    ):
        await prepared(up, flow)
        empty = set(TARGETS)
        idle = {name for name in TARGETS if any(one in TARGETS[name]["expr"] for one in NOT_HERE)}
        for number in range(ROUNDS):
            await something_happens(client, up, number)
            empty = {name for name in empty if not await shown(client, url, TARGETS[name])}
            if empty <= idle:
                break
            await asyncio.sleep(0.5)
        assert sorted(empty - idle) == []
