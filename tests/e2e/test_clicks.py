"""A mail, its link, and the run that waits for the click, over engine, notifier and ingest."""

import email
import re
import shutil
from datetime import UTC, datetime
from email import policy
from pathlib import Path

import httpx
import msgspec

from relevo_cli.workflow_files import load_folder
from relevo_contracts import topics as names
from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.link_rules import LinkRules
from relevo_contracts.payloads import Buyer, CustomerChanged
from relevo_engine.settings import EngineSettings
from relevo_ingest.core.link_hits import EARLY
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_notifier.settings import NotifierSettings
from relevo_runtime import catalog
from relevo_runtime.kafka import Publisher
from relevo_runtime.links import Redirect, read_token
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from relevo_sandbox.sandbox import run_sandbox
from tests.conftest import SettingsFactory
from tests.e2e.machine import ROOT
from tests.e2e.test_calls_and_tasks import counted, engine_runs, notifier_runs
from tests.ingest.test_link_hits import FIREFOX
from tests.notifier.waiting import until

WORKFLOW = """
workflow: offer
title: Offer
change: ad-hoc
trigger: {event: customer.created, when: customer.email_consent == "granted"}
steps:
  - send: {channel: email, template: offer, purpose: marketing}
  - wait_for:
      - event: message.clicked
        where: event.run_id == run.id
        steps: [{stop: clicked}]
      - timeout: 3d
        steps: [{stop: not clicked}]
"""
OFFER = """
channel: email
layout: message
link: https://{{ shop.domain }}/tea?colour=green
en: {subject: Tea, preview: Tea, heading: Tea, body: [There is tea.], button: To the tea}
"""
LINK = re.compile(r"https?://\S+/l/(\S+)")


async def prepare(pool: Pool, settings: SettingsFactory, folder: Path) -> None:
    """A shop that follows clicks, the workflow, and a customer who agreed to marketing."""
    (folder / "offer" / "templates").mkdir(parents=True)
    (folder / "offer" / "workflow.yaml").write_text(WORKFLOW)
    (folder / "offer" / "templates" / "offer.yaml").write_text(OFFER)
    shutil.copytree(ROOT / "workflows" / "layouts", folder / "layouts")
    loaded = load_folder(folder / "offer")
    at, definition = datetime.now(UTC), loaded.definition
    shop = catalog.Shop(
        shop="acme",
        platform="shopify",
        name="Acme",
        domain="acme.example.com",
        email_from="hello@acme.example.com",
        links=LinkRules(tracking="clicks"),
    )
    async with pool.acquire() as conn, conn.transaction():
        await catalog.add_shop(conn, shop)
        await catalog.deploy(conn, workflow=definition.name, version=definition.version, files=loaded.files, at=at)
    created = Event(
        id="created-1",
        source="test",
        type="customer.created",
        time=at,
        shop="acme",
        key="customer-1",
        data=event_data(CustomerChanged(customer=Buyer(email="ana@example.com", email_marketing=True))),
        receivedtime=at,
    )
    async with Publisher(settings()) as publisher:
        await publisher.publish(names.EVENTS, [(partition_key("acme", "customer-1"), msgspec.json.encode(created))])


async def test_a_click_in_a_mail_moves_the_run_that_sent_it_and_a_scanner_does_not(
    settings: SettingsFactory, topics: list[str], pool: Pool, tmp_path: Path
) -> None:
    await prepare(pool, settings, tmp_path / "workflows")
    own = settings(IngestSettings, ingest_port=0)
    async with (
        run_sandbox(tmp_path / "mail") as sandbox,
        engine_runs(settings(EngineSettings)),
        notifier_runs(settings(NotifierSettings, notifier_smtp={"port": sandbox.smtp_port})),
        running(own, Service("ingest", own)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        await until(lambda: counted(pool, "notifier.delivery where state = 'sent'"))
        [message] = sandbox.box.messages(0, 10)
        mail = email.message_from_bytes((tmp_path / "mail" / message.file).read_bytes(), policy=policy.default)
        text = mail.get_body(("plain",))
        assert text is not None
        found = LINK.search(text.get_content())
        assert found is not None
        link = read_token(own.link_secret.get_secret_value(), found[1])
        assert isinstance(link, Redirect)
        sent_at = datetime.fromtimestamp(link.of.at, UTC)

        scanner = await client.get(f"/l/{found[1]}", headers={"user-agent": "Barracuda Sentinel (EE)"})
        await until(lambda: counted(pool, "notifier.engagement where kind = 'scanned'"))
        assert await pool.fetchval("select count(*) from engine.run where ended_at is null") == 1

        async def is_read() -> bool:
            return datetime.now(UTC) > sent_at + EARLY

        await until(is_read)
        person = await client.get(f"/l/{found[1]}", headers={"user-agent": FIREFOX})
        await until(lambda: counted(pool, "engine.run where ended_at is not null"))
    pages = {one.headers["location"].partition("utm_")[0] for one in (scanner, person)}
    assert (scanner.status_code, person.status_code) == (302, 302)
    assert pages == {"https://acme.example.com/tea?colour=green&"}
    scanned = await pool.fetch("select machine, url from notifier.engagement where kind = 'scanned'")
    assert [tuple(row) for row in scanned] == [("scanner", link.url)]
    assert await pool.fetchval("select end_reason from engine.run") == "clicked"
