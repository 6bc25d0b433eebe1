"""A workflow that opens a ticket, over engine and notifier, on the real broker and database, at a local helpdesk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response

from relevo_contracts import topics as names
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.payloads import Buyer, OrderChanged
from relevo_engine.settings import EngineSettings
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog, systems
from relevo_runtime.kafka import Publisher
from relevo_runtime.postgres import Pool
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.systems import ShopSystem
from relevo_workflow import load_workflow
from tests.conftest import SettingsFactory
from tests.e2e.test_calls_and_tasks import engine_runs, notifier_process, notifier_runs
from tests.notifier.waiting import until
from tests.platform_servers.server import serving
from tests.system_servers.zendesk import CREDENTIALS, ZendeskServer

WORKFLOW = """
workflow: complaint
title: Complaint
change: ad-hoc
trigger: {event: order.placed}
steps:
  - system:
      call: helpdesk.create_ticket
      with:
        subject: Order {{ trigger.order_id }}
        message: A first order
        email: customer.email
        name: "{{ customer.first_name }} {{ customer.last_name }}"
      as: ticket
  - branch:
      - when: run.ticket.ok && run.ticket.status == "new"
        steps:
          - system:
              call: helpdesk.add_comment
              with: {ticket_id: run.ticket.ticket_id, message: "Ticket {{ run.ticket.url }}"}
              as: comment
          - branch:
              - when: run.comment.ok
                steps: [{stop: has a ticket}]
              - otherwise:
                steps: [{stop: no comment}]
      - otherwise:
        steps: [{stop: by hand}]
"""


class SilentZendesk(ZendeskServer):
    """Creates a ticket, forgets the idempotency key, and says nothing until `gate` is open."""

    def __init__(self) -> None:
        super().__init__()
        self.created = asyncio.Event()
        self.gate = asyncio.Event()

    async def answer(self, request: Request, body: bytes) -> Response:
        reply = await super().answer(request, body)
        if not self.created.is_set():
            self.forget()
            self.created.set()
            await self.gate.wait()
        return reply


@pytest.fixture
async def zendesk() -> AsyncIterator[ZendeskServer]:
    async with serving(ZendeskServer()) as server:
        yield server


async def prepare(pool: Pool, settings: RuntimeSettings, url: str) -> None:
    """A shop with a helpdesk, the workflow, and an order on its way."""
    at = datetime.now(UTC)
    files = {"workflow.yaml": WORKFLOW}
    definition = load_workflow(files)
    made = ShopSystem(
        shop="acme",
        port="helpdesk",
        system="zendesk",
        base_url=url,
        credentials=systems.sealed(SecretKeys(settings), "acme", "helpdesk", CREDENTIALS),
        added_at=at,
    )
    async with pool.acquire() as conn, conn.transaction():
        await catalog.add_shop(conn, catalog.Shop(shop="acme", platform="shopify", name="Acme"))
        await catalog.deploy(conn, workflow=definition.name, version=definition.version, files=files, at=at)
        await systems.add(conn, made)
    placed = Event(
        id="order-1",
        source="test",
        type="order.placed",
        time=at,
        shop="acme",
        key="customer-1",
        data=event_data(OrderChanged(customer=Buyer(email="ana@example.com", first_name="Ana"), order_id="1001")),
        receivedtime=at,
    )
    async with Publisher(settings) as publisher:
        await publisher.publish(names.EVENTS, [(partition_key("acme", placed.key), msgspec.json.encode(placed))])


async def end_of_run(pool: Pool) -> str:
    async def over() -> bool:
        return bool(await pool.fetchval("select count(*) = 1 from engine.run where ended_at is not null"))

    await until(over, 60)
    reason: str = await pool.fetchval("select end_reason from engine.run")
    return reason


async def test_a_ticket_is_opened_and_its_answer_leads_into_a_branch(
    settings: SettingsFactory, topics: list[str], pool: Pool, zendesk: ZendeskServer
) -> None:
    secret = "A" * 43 + "="
    await prepare(pool, settings(secrets_key=secret), zendesk.url)
    opened = settings(NotifierSettings, notifier_call_hosts="127.0.0.1", secrets_key=secret)
    async with engine_runs(settings(EngineSettings)), notifier_runs(opened):
        assert await end_of_run(pool) == "has a ticket"
    [ticket] = zendesk.tickets.values()
    assert (ticket["subject"], ticket["tags"]) == ("Order 1001", [])
    assert len(zendesk.audits[ticket["id"]]) == 2
    everything = str(await pool.fetch("select body, outcome, reason from notifier.call"))
    assert CREDENTIALS["token"] not in everything


async def test_a_notifier_killed_between_request_and_answer_leaves_one_ticket(
    settings: SettingsFactory, topics: list[str], pool: Pool, tmp_path: Path
) -> None:
    """The ticket is there, and nobody has heard of it: another notifier asks first, and finds it."""
    async with AsyncExitStack() as stack:
        zendesk = await stack.enter_async_context(serving(SilentZendesk()))
        await prepare(pool, settings(), zendesk.url)
        await stack.enter_async_context(engine_runs(settings(EngineSettings)))
        first = await notifier_process(settings(), tmp_path / "first.log")
        await asyncio.wait_for(zendesk.created.wait(), 60)
        first.kill()
        await first.wait()
        zendesk.gate.set()
        second = await notifier_process(settings(), tmp_path / "second.log")
        assert await end_of_run(pool) == "has a ticket"
        second.terminate()
        assert await second.wait() == 0
    assert len(zendesk.tickets) == 1
    [asked] = zendesk.successes("GET", "/tickets.json")
    assert asked.query["external_id"].startswith("relevo-")
    logs = (tmp_path / "first.log").read_text() + (tmp_path / "second.log").read_text()
    assert CREDENTIALS["token"] not in logs
