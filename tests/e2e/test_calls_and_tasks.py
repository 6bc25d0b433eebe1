"""A workflow that asks another system and then the staff, over engine and notifier, on the real broker and database."""

import asyncio
import json as jsonlib
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest
from pydantic import SecretStr

from relevo_contracts import topics as names
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.payloads import Buyer, CheckoutChanged, Money
from relevo_engine.entrypoints.main import engine
from relevo_engine.settings import EngineSettings
from relevo_notifier.entrypoints.context import ServiceContext
from relevo_notifier.entrypoints.wiring import run_notifier
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from relevo_runtime.settings import RuntimeSettings
from relevo_workflow import load_workflow
from tests.cli.test_commands import given
from tests.conftest import SettingsFactory
from tests.e2e.machine import relevo
from tests.fake_http_service import FakeHttpService, fake_http_service, json
from tests.notifier.waiting import until

WORKFLOW = """
workflow: credit
title: Credit
change: ad-hoc
key: trigger.checkout_token
trigger: {event: checkout.started}
steps:
  - http:
      method: POST
      url: "http://127.0.0.1:PORT/returns"
      headers: {Authorization: "Bearer ${ERP}"}
      body: {token: trigger.checkout_token}
      as: erp
  - approve:
      title: "Credit {{ run.erp.body.amount }} for {{ customer.first_name }}"
      roles: [finance, support]
      needed: 2
      deadline: 1d
      as: verdict
      approved:
        - branch:
            - when: run.erp.status == 200
              steps: [{stop: "credited"}]
            - otherwise:
              steps: [{stop: "no answer"}]
      rejected: [{stop: rejected}]
      expired: [{stop: expired}]
"""
SECRET = "a token that nobody may see"


@pytest.fixture
async def http_service() -> AsyncIterator[FakeHttpService]:
    async with fake_http_service() as system:
        system.replies = [lambda: json({}, 503, **{"Retry-After": "0"}), lambda: json({"amount": 12})]
        yield system


@asynccontextmanager
async def engine_runs(settings: EngineSettings) -> AsyncIterator[None]:
    service = Service("engine", settings)
    async with engine(settings)(service):
        yield
    assert service.failure is None


@asynccontextmanager
async def notifier_runs(settings: NotifierSettings) -> AsyncIterator[None]:
    service = Service("notifier", settings)
    context = ServiceContext(service.clock, service.metrics, service.health, service.fail, service.traces)
    async with AsyncExitStack() as stack:
        notifier = await stack.enter_async_context(run_notifier(settings, context))
        loops = [service.loop(f"poll {number}", poll.run_once) for number, poll in enumerate(notifier.polls)]
        await stack.enter_async_context(service.running(*loops))
        yield
    assert service.failure is None


async def prepare(pool: Pool, settings: RuntimeSettings, port: int) -> None:
    """A shop, the workflow, and a checkout on its way."""
    at = datetime.now(UTC)
    files = {"workflow.yaml": WORKFLOW.replace("PORT", str(port))}
    definition = load_workflow(files)
    async with pool.acquire() as conn, conn.transaction():
        await catalog.add_shop(conn, catalog.Shop(shop="acme", platform="shopify", name="Acme"))
        await catalog.deploy(conn, workflow=definition.name, version=definition.version, files=files, at=at)
    payload = CheckoutChanged(
        customer=Buyer(email="ana@example.com", first_name="Ana"), checkout_token="tok", total=Money("5.00", "EUR")
    )
    started = Event(
        id="checkout-1",
        source="test",
        type="checkout.started",
        time=at,
        shop="acme",
        key="customer-1",
        data=event_data(payload),
        receivedtime=at,
    )
    async with Publisher(settings) as publisher:
        await publisher.publish(names.EVENTS, [(partition_key("acme", "customer-1"), msgspec.json.encode(started))])


def notifier_settings(settings: SettingsFactory, **changes: object) -> NotifierSettings:
    return settings(
        NotifierSettings,
        notifier_call_hosts="127.0.0.1",
        notifier_call_secrets={"ERP": SECRET},
        notifier_call_retry_first=0.1,
        **changes,
    )


async def test_the_staff_hears_of_an_approval_by_slack_once(
    settings: SettingsFactory, topics: list[str], pool: Pool, http_service: FakeHttpService
) -> None:
    await prepare(pool, settings(), http_service.port)
    environment, chat = given(settings()), SecretStr(f"http://127.0.0.1:{http_service.port}/returns")
    secrets = notifier_settings(settings).model_copy(
        update={"notifier_call_secrets": {"ERP": SecretStr(SECRET), "CHAT": chat}}
    )
    heard = ("--role", "finance", "--channel", "slack", "--slack", "CHAT")
    code, _, err = await relevo("tasks", "staff", "add", "acme", "Lea", *heard, **environment)
    assert code == 0, err
    async with engine_runs(settings(EngineSettings)), notifier_runs(secrets):
        await until(lambda: counted(pool, "notifier.call where id like '%/slack' and state = 'answered'"), 60)
        await until(lambda: counted(pool, "engine.notice where task_id = ''"))
    posted = [body for _, body in http_service.asked if b"blocks" in body]
    assert [jsonlib.loads(one)["text"] for one in posted] == ["Please decide: Credit 12 for Ana"]
    assert not await pool.fetchval("select count(*) from engine.outbox where topic = 'relevo.calls'")


async def test_a_call_two_approvals_and_a_branch_to_the_end(
    settings: SettingsFactory, topics: list[str], pool: Pool, http_service: FakeHttpService
) -> None:
    await prepare(pool, settings(), http_service.port)
    environment = given(settings())
    async with engine_runs(settings(EngineSettings)), notifier_runs(notifier_settings(settings)):
        for person, role in (("Ana", "finance"), ("Ben", "support"), ("Cai", "warehouse")):
            code, _, err = await relevo("tasks", "staff", "add", "acme", person, "--role", role, **environment)
            assert code == 0, err
        await until(lambda: counted(pool, "engine.task where status = 'open'"))
        code, out, err = await relevo("tasks", "list", "--open", "--json", **environment)
        assert code == 0, err
        [task] = jsonlib.loads(out)
        assert (task["title"], task["needed"]) == ("Credit 12 for Ana", 2)

        code, _, err = await relevo("tasks", "approve", task["task_id"], "--by", "Cai", **environment)
        assert (code, err) == (2, "relevo: Cai has none of the roles finance, support\n")
        for person in ("Ana", "Ben"):
            code, _, err = await relevo(
                "tasks", "approve", task["task_id"], "--by", person, "--note", "fine", **environment
            )
            assert code == 0, err
            await until(partial(counted, pool, f"""engine.task where votes @> '[{{"by": "{person}"}}]'"""))
        await until(lambda: counted(pool, "engine.run where ended_at is not null"))
    assert await pool.fetchval("select end_reason from engine.run") == "credited"
    assert await pool.fetchval("select status || ': ' || close_reason from engine.task") == "done: approved by Ben"
    [key] = set(http_service.keys())
    assert len(http_service.asked) == 2  # the first was answered 503
    assert await pool.fetchval("select id from notifier.call") == key
    assert {headers["authorization"] for headers, _ in http_service.asked} == {f"Bearer {SECRET}"}
    code, out, _ = await relevo("tasks", "show", task["task_id"], **environment)
    assert [vote["role"] for vote in jsonlib.loads(out)["votes"]] == ["finance", "support"]


async def test_a_notifier_killed_in_a_call_leaves_it_to_be_asked_again_with_the_same_key(
    settings: SettingsFactory, topics: list[str], pool: Pool, http_service: FakeHttpService, tmp_path: Path
) -> None:
    http_service.replies = [lambda: json({"amount": 7})]
    http_service.gate = asyncio.Event()
    await prepare(pool, settings(), http_service.port)
    async with engine_runs(settings(EngineSettings)):
        first = await notifier_process(settings(), tmp_path / "first.log")
        await until(lambda: holds(len(http_service.asked) == 1), 60)
        first.kill()
        await first.wait()
        http_service.gate.set()
        second = await notifier_process(settings(), tmp_path / "second.log")
        await until(lambda: counted(pool, "engine.task where status = 'open'"), 60)
        second.terminate()
        assert await second.wait() == 0
    assert len(http_service.asked) == 2
    assert len(set(http_service.keys())) == 1
    assert await pool.fetchval("select title from engine.task") == "Credit 7 for Ana"
    assert await pool.fetchval("select state || ' ' || doubts from notifier.call") == "answered 1"
    logs = (tmp_path / "first.log").read_text() + (tmp_path / "second.log").read_text()
    assert SECRET not in logs


async def notifier_process(settings: RuntimeSettings, log: Path) -> Process:
    """A notifier as a process of its own, with short leases."""
    told = {
        **given(settings),
        "RELEVO_LINK_SECRET": settings.link_secret.get_secret_value(),
        "RELEVO_SESSION_TIMEOUT": "6",
        "RELEVO_NOTIFIER_CALL_HOSTS": "127.0.0.1",
        "RELEVO_NOTIFIER_CALL_TIMEOUT": "2",
        "RELEVO_NOTIFIER_SMTP_TIMEOUT": "1",
        "RELEVO_NOTIFIER_TWILIO_TIMEOUT": "1",
        "RELEVO_NOTIFIER_LEASE": "4",
        "RELEVO_CALL_SECRET_ERP": SECRET,
        "RELEVO_LOG_LEVEL": "debug",
    }
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")}
    with log.open("wb") as target:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relevo_notifier"),
            env={**surroundings, **told},
            stdin=DEVNULL,
            stdout=target,
            stderr=target,
        )


async def counted(pool: Pool, table: str) -> bool:
    return bool(await pool.fetchval(f"select count(*) = 1 from {table}"))


async def holds(condition: bool) -> bool:
    return condition
