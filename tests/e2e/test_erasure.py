"""A customer's whole story over all services; then they ask for their data, are erased, and nothing tells of them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from relevo_engine.settings import EngineSettings
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from relevo_scheduler.entrypoints.main import scheduling
from relevo_scheduler.settings import SchedulerSettings
from relevo_workflow import load_workflow
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.e2e.test_calls_and_tasks import counted, engine_runs, notifier_runs
from tests.engine.conftest import CART
from tests.engine.test_erasure import everything_in_postgres
from tests.ingest.conftest import TOKEN, tea_shop
from tests.notifier.waiting import until
from tests.sealed import everything_on_kafka

WORKFLOW = CART | {
    "workflow.yaml": """
workflow: thanks
title: Thanks
change: ad-hoc
key: trigger.order_id
trigger: {event: order.placed}
steps:
  - send: {channel: email, template: reminder, purpose: transactional}
  - task: {title: "Call {{ customer.first_name }} about {{ trigger.order_id }}"}
"""
}
ADDRESS, PHONE, NAME = "ana.garcia@example.org", "+34600111222", "Anastasia"
KIMS = "(select from engine.erasure where source = '/shops/tea/privacy/Kim' limit 1) as kims"
REPORTED = "(select from notifier.delivery where wake_at is null offset 1) as the_second"
ABOUT_HER = [word.encode() for word in (ADDRESS, PHONE, NAME, "A-1001", "ana.garcia", "600111222")]


@asynccontextmanager
async def scheduler_runs(settings: SchedulerSettings) -> AsyncIterator[None]:
    service = Service("scheduler", settings)
    async with scheduling(service, settings):
        yield
    assert service.failure is None


@asynccontextmanager
async def all_services(settings: SettingsFactory) -> AsyncIterator[httpx.AsyncClient]:
    own = settings(IngestSettings, ingest_port=0, ingest_shops_interval=0.05, ingest_shops_forced=0.05)
    async with (
        engine_runs(settings(EngineSettings)),
        notifier_runs(settings(NotifierSettings, notifier_smtp={"port": 9}, notifier_attempts=1)),
        scheduler_runs(settings(SchedulerSettings)),
        running(own, Service("ingest", own)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield client


async def tell(client: httpx.AsyncClient, event_type: str, data: dict[str, Any], *, number: int, at: datetime) -> None:
    """The shop's own system sends an event."""
    body = {"specversion": "1.0", "id": f"e-{number}", "source": "erp", "type": event_type, "time": at.isoformat()}
    answer = await client.post(
        "/events/tea",
        content=json.dumps(body | {"data": data}),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cloudevents+json"},
    )
    assert answer.is_success, answer.text


async def story(client: httpx.AsyncClient, at: datetime) -> None:
    """She registers, agrees, buys, and looks; somebody else buys too; she asks for her data."""
    her = {"id": "77", "email": ADDRESS, "phone": PHONE, "first_name": NAME}
    consent = {
        "channel": "email",
        "state": "granted",
        "source": "footer",
        "wording": "Yes, news.",
        "ip_hash": "ab" * 16,
    }
    await tell(client, "customer.created", {"customer": her}, number=1, at=at)
    await tell(client, "consent.changed", {"customer": her} | consent, number=2, at=at)
    await tell(client, "order.placed", {"customer": her, "order_id": "A-1001"}, number=3, at=at)
    await tell(client, "page.viewed", {"customer": her, "url": f"https://tea.example/?m={ADDRESS}"}, number=4, at=at)
    bo = {"id": "78", "email": "bo@example.org", "first_name": "Bo"}
    await tell(client, "order.placed", {"customer": bo, "order_id": "B-2002"}, number=5, at=at)
    await tell(client, "customer.data_requested", {"customer": {"id": "77"}}, number=6, at=at)


@pytest.fixture
async def tea(pool: Pool) -> None:
    definition = load_workflow(WORKFLOW)
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, tea_shop())
        await catalog.deploy(
            connection, workflow="thanks", version=definition.version, files=WORKFLOW, at=datetime.now(UTC)
        )


@pytest.mark.usefixtures("tea")
async def test_a_customer_is_told_what_is_kept_and_then_forgotten(
    settings: SettingsFactory, topics: list[str], pool: Pool, tmp_path: Path
) -> None:
    environment, at = given(settings()), datetime.now(UTC) - timedelta(minutes=5)
    async with all_services(settings) as client:
        await story(client, at)
        await until(lambda: counted(pool, "engine.data_request"), 60)
        await until(lambda: counted(pool, "engine.task where title like '%A-1001'"), 60)
        await until(lambda: counted(pool, REPORTED), 60)
        await until(lambda: counted(pool, "notifier.consent_log"), 60)
        kept = await everything_in_postgres(pool)
        assert [word for word in (ADDRESS.encode(), NAME.encode(), b"A-1001") if word not in kept] == []
        assert [word for word in ABOUT_HER if word in await everything_on_kafka(settings())] == []

        await exported(environment, tmp_path / "ana.json")
        code, _, err = await relevo(
            "privacy", "erase", "tea", "--customer", ADDRESS, "--by", "Kim", "--yes", **environment
        )
        assert code == 0, err
        await until(lambda: counted(pool, KIMS), 60)
        await until(lambda: gone(pool), 60)

        left = await everything_in_postgres(pool)
        assert [word for word in ABOUT_HER if word in left] == []
        assert [word for word in ABOUT_HER if word in await everything_on_kafka(settings())] == []
        assert b"B-2002" in left
        assert await pool.fetchval("select count(*) from notifier.consent_log where wording = 'Yes, news.'") == 1

        # The shop's system sends an old event once more, under another id; then she comes back as somebody new.
        her = {"id": "77", "email": ADDRESS, "phone": PHONE, "first_name": NAME}
        await tell(client, "order.placed", {"customer": her, "order_id": "A-1001"}, number=7, at=at)
        await tell(client, "order.placed", {"customer": her, "order_id": "A-1003"}, number=8, at=datetime.now(UTC))
        await until(lambda: counted(pool, "engine.run where run_key = 'A-1003'"), 60)
        assert await pool.fetchval("select count(*) from engine.run where run_key = 'A-1001'") == 0
    code, _, err = await relevo("privacy", "export", "tea", "--customer", "nobody@example.org", **environment)
    assert (code, err) == (
        2,
        "relevo: nothing of 'nobody@example.org' is kept in tea; ask by e-mail, customer id or key\n",
    )


async def exported(environment: dict[str, str], file: Path) -> None:
    """She has her data in time: everything is in it, and the request is answered."""
    code, out, err = await relevo("privacy", "requests", **environment)
    assert code == 0, err
    assert "(29 days left)" in out
    code, out, err = await relevo(
        *("privacy", "export", "tea", "--customer", ADDRESS, "--out", str(file), "--answered-by", "Kim"), **environment
    )
    assert code == 0, err
    assert "1 request for it is answered" in out
    export = json.loads(file.read_text())
    assert export["engine"]["facts"]["facts"]["contact"]["phone"] == PHONE
    assert export["engine"]["tasks"][0]["title"] == f"Call {NAME} about A-1001"
    assert export["engine"]["decisions"]
    assert export["notifier"]["consents"][0]["wording"] == "Yes, news."
    assert len(export["notifier"]["messages"]) == 1
    assert {"customer:77", "order:A-1001"} <= set(export["ingest"]["names"])
    code, out, err = await relevo("privacy", "export", "tea", "--customer", "77", "--text", **environment)
    assert code == 0, err
    assert f"email: {ADDRESS}" in out
    code, out, err = await relevo("privacy", "requests", "--json", **environment)
    assert json.loads(out) == [], err


async def gone(pool: Pool) -> bool:
    """Whether the notifier has read the erasure too."""
    return bool(await pool.fetchval("select count(*) from notifier.redaction"))
