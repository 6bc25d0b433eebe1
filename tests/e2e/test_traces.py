"""One trace from a signed webhook over a wait to the mail, over all services, as a collector sees it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import aiokafka
import httpx
import msgspec

from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics as names
from relevo_contracts.envelope import Event
from relevo_contracts.messages import SendDelivery
from relevo_engine.settings import EngineSettings
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from relevo_runtime.settings import RuntimeSettings
from relevo_sandbox.sandbox import run_sandbox
from relevo_scheduler.settings import SchedulerSettings
from tests.conftest import SettingsFactory
from tests.e2e.machine import ROOT
from tests.e2e.test_calls_and_tasks import counted, engine_runs, notifier_runs
from tests.e2e.test_erasure import scheduler_runs
from tests.ingest.conftest import SECRET, Ingest, tea_shop
from tests.notifier.waiting import until
from tests.otlp_collector import collecting
from tests.sealed import in_clear

WORKFLOW = """
workflow: thanks
title: Thanks
change: ad-hoc
trigger: {event: order.placed}
steps:
  - wait: 1s
  - send: {channel: email, template: thanks, purpose: transactional}
"""
THANKS = """
channel: email
layout: message
link: https://{{ shop.domain }}/tea
en: {subject: Thanks, preview: Thanks, heading: Thanks, body: [Thank you.], button: To the tea}
"""
EVERY = {
    *("receive webhook", "decide order.placed", "publish wake-ups", "decide timer", "send email"),
    *("engine batch", "notifier batch"),
}
"""The spans of one order, by name."""
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def prepare(pool: Pool, folder: Path) -> None:
    """The shop of the webhooks, and the workflow."""
    (folder / "thanks" / "templates").mkdir(parents=True)
    (folder / "thanks" / "workflow.yaml").write_text(WORKFLOW)
    (folder / "thanks" / "templates" / "thanks.yaml").write_text(THANKS)
    shutil.copytree(ROOT / "workflows" / "layouts", folder / "layouts")
    loaded = load_folder(folder / "thanks")
    shop = msgspec.structs.replace(tea_shop(), name="Tea", domain="tea.example.com", email_from="hello@tea.example.com")
    async with pool.acquire() as conn, conn.transaction():
        await catalog.add_shop(conn, shop)
        one = loaded.definition
        await catalog.deploy(conn, workflow=one.name, version=one.version, files=loaded.files, at=datetime.now(UTC))


def order() -> bytes:
    at = datetime.now(UTC).isoformat()
    return msgspec.json.encode(
        {
            "id": 7001,
            "name": "#7001",
            "email": "ana.garcia@example.com",
            "created_at": at,
            "updated_at": at,
            "currency": "USD",
            "total_price": "12.00",
            "financial_status": "paid",
            "customer": {"id": 77, "email": "ana.garcia@example.com", "first_name": "Anastasia"},
            "line_items": [],
        }
    )


async def values(settings: RuntimeSettings, topic: str) -> list[bytes]:
    """All that is on a topic, in clear."""
    name = settings.topic(topic)
    consumer = aiokafka.AIOKafkaConsumer(
        name, bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        places = [aiokafka.TopicPartition(name, number) for number in range(settings.partitions)]
        most = sum((await consumer.end_offsets(places)).values())
        found: list[tuple[bytes, bytes]] = []
        while len(found) < most:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [(record.key, record.value) for record in records]
    finally:
        await consumer.stop()
    return [value for _, value in await in_clear(settings, found)]


async def an_order_is_thanked_for(
    settings: SettingsFactory, pool: Pool, folder: Path, *, traces_url: str, share: float
) -> None:
    """A webhook comes, the run waits, the mail goes out."""
    await prepare(pool, folder / "workflows")
    traced: dict[str, object] = {"traces_url": traces_url, "traces_sample": share}
    own = settings(IngestSettings, ingest_port=0, **traced)
    service = Service("ingest", own)
    async with (
        run_sandbox(folder / "mail") as sandbox,
        engine_runs(settings(EngineSettings, **traced)),
        notifier_runs(settings(NotifierSettings, notifier_smtp={"port": sandbox.smtp_port}, **traced)),
        scheduler_runs(settings(SchedulerSettings, **traced)),
        running(own, service) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        answer = await Ingest(client, own, service).webhook("orders/create", order(), traceparent=CALLER)
        assert answer.status_code == 200, answer.text
        await until(lambda: counted(pool, "notifier.delivery where state = 'sent'"))
        if traces_url:
            service.traces.close()


async def test_a_trace_leads_from_the_webhook_over_the_wait_to_the_mail(
    settings: SettingsFactory, topics: list[str], pool: Pool, tmp_path: Path
) -> None:
    async with collecting() as collector:
        await an_order_is_thanked_for(settings, pool, tmp_path, traces_url=collector.url, share=1.0)

        async def is_whole() -> bool:
            return {one.name for one in collector.spans} >= EVERY

        await until(is_whole)
    [webhook], [sent] = collector.named("receive webhook"), collector.named("send email")
    [placed] = [one for one in collector.named("decide order.placed") if one.said["relevo.decisions"]]
    [woken] = collector.named("decide timer")
    path = [webhook, placed, woken, sent]
    assert {one.trace for one in path} == {webhook.trace}
    assert [one.parent for one in path] == ["", webhook.id, placed.id, woken.id]
    assert [one.service for one in path] == ["relevo-ingest", "relevo-engine", "relevo-engine", "relevo-notifier"]
    assert placed.said["relevo.decisions"] == ["thanks: started"]
    assert sent.said["relevo.outcome"] == "Sent"
    assert not any(one.failed for one in collector.spans)

    # Whoever calls is linked to, and decides nothing; batches are linked to what they took, what they took to them.
    assert webhook.trace not in CALLER
    assert [f"00-{trace}-{span}-01" for trace, span in webhook.links] == [CALLER]
    batches = {one.place for one in collector.named("engine batch")}
    assert all(set(one.links) & batches for one in (placed, woken))
    assert webhook.place in {link for one in collector.named("engine batch") for link in one.links}
    assert woken.place in {link for one in collector.named("notifier batch") for link in one.links}
    assert {one.place for one in collector.named("publish wake-ups")} & set(woken.links)
    nothing_personal(collector.raw)


def nothing_personal(exported: list[bytes]) -> None:
    for word in (b"ana.garcia", b"example.com", b"Anastasia", b"7001", SECRET.encode(), b"customer-"):
        assert not any(word in body for body in exported), word


async def test_what_is_in_no_trace_carries_nothing(
    settings: SettingsFactory, topics: list[str], pool: Pool, tmp_path: Path
) -> None:
    async with collecting() as collector:
        await an_order_is_thanked_for(settings, pool, tmp_path, traces_url=collector.url, share=0.0)
    assert collector.spans == []
    events = await values(settings(), names.EVENTS)
    deliveries = await values(settings(), names.DELIVERIES)
    assert {msgspec.json.decode(one, type=Event).traceparent for one in events} == {""}
    assert {msgspec.json.decode(one, type=SendDelivery).traceparent for one in deliveries} == {""}
    wakeups = await values(settings(), names.WAKEUPS)
    assert not any(b"traceparent" in one for one in [*events, *deliveries, *wakeups])
    assert not await pool.fetchval("select count(*) from engine.run where state::text like '%traceparent%'")


async def test_a_collector_that_refuses_holds_up_nothing(
    settings: SettingsFactory, topics: list[str], pool: Pool, tmp_path: Path
) -> None:
    async with collecting() as collector:
        collector.status = 400
        await an_order_is_thanked_for(settings, pool, tmp_path, traces_url=collector.url, share=1.0)
    assert await pool.fetchval("select count(*) from notifier.delivery where state = 'sent'") == 1
