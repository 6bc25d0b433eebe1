"""Webhooks of shops whose secrets are sealed in the database."""

import asyncio
import base64
import os

import httpx
from pydantic import SecretStr

from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.postgres import Pool
from relevo_runtime.secret_keys import SecretKeys
from relevo_runtime.service import Service
from tests.conftest import SettingsFactory
from tests.ingest.conftest import Ingest, tea_shop


def key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


async def seal(pool: Pool, keys: SecretKeys) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.update_shop(connection, keys.sealed_shop(tea_shop()))


async def test_a_sealed_secret_lets_webhooks_in_and_no_other_does(
    settings: SettingsFactory, topics: list[str], tea: catalog.Shop, pool: Pool
) -> None:
    assert topics
    assert tea
    old, new = key(), key()
    await seal(pool, SecretKeys(settings(secrets_key=old)))
    own = settings(IngestSettings, ingest_port=0, ingest_shops_forced=0.01, secrets_key=f"{new},{old}")
    service = Service("ingest", own)
    async with (
        running(own, service) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        ingest = Ingest(client, own, service)
        assert (await ingest.webhook("orders/paid")).status_code == 200
        assert (await ingest.webhook("orders/paid", secret="shpss-of-somebody-else")).status_code == 401
        sealed = SecretKeys(settings(secrets_key=old)).sealed_shop(tea_shop()).secrets[0].value
        assert (await ingest.webhook("orders/paid", secret=sealed)).status_code == 401


async def test_where_the_key_is_missing_webhooks_are_to_be_sent_again_and_the_rest_is_served(
    ingest: Ingest, pool: Pool
) -> None:
    await seal(pool, SecretKeys(ingest.settings.model_copy(update={"secrets_key": SecretStr(key())})))
    await asyncio.sleep(0.06)
    assert (await ingest.webhook("orders/paid", secret="shpss-of-somebody-else")).status_code == 503
    answer = await ingest.webhook("orders/paid")
    assert answer.status_code == 503
    assert "RELEVO_SECRETS_KEY" in answer.json()["detail"]
    event = b'{"specversion":"1.0","id":"1","source":"/erp","type":"order.placed","data":{}}'
    posted = await ingest.send(event, **{"Content-Type": "application/cloudevents+json"})
    assert posted.status_code != 503
