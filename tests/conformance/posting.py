"""Posts samples to a running ingest on the embedded Kafka and PostgreSQL, as a shop does."""

import json
import uuid
from collections.abc import Sequence

import httpx
from pydantic import SecretStr

from relevo_ingest.connectors.shopify.signature import sign_shopify
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.kafka import create_topics
from relevo_runtime.migrations import installed_packages, migrate
from relevo_runtime.postgres import open_pool
from relevo_runtime.service import Service
from relevo_testing.servers import EmbeddedServers
from tests.conformance.package import Sample

_SECRET = "shpss-of-the-conformance"


async def post_all(samples: Sequence[Sample]) -> list[str]:
    """Posts each sample; says which were not answered with 200."""
    platform = EmbeddedServers()
    try:
        settings = IngestSettings(
            kafka=await platform.kafka(),
            postgres=SecretStr(await platform.postgres()),
            topic_prefix=f"c{uuid.uuid4().hex[:8]}.",
            link_secret=SecretStr("a secret of the conformance, not used"),
            ingest_port=0,
            ingest_budget=30,
        )
        await migrate(settings.dsn, installed_packages())
        await create_topics(settings)
        pool = await open_pool(settings.dsn, application_name="conformance", max_size=1)
        shop = catalog.Shop(shop="tea", platform="shopify", secrets=[catalog.Secret(_SECRET)])
        async with pool.acquire() as connection, connection.transaction():
            await catalog.add_shop(connection, shop)
        await pool.close()
        async with running(settings, Service("ingest", settings)) as port:
            return await _post(f"http://127.0.0.1:{port}", samples)
    finally:
        await platform.close()


async def _post(url: str, samples: Sequence[Sample]) -> list[str]:
    refused = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for sample in samples:
            body = json.dumps(sample.body).encode()
            headers = {
                "Content-Type": "application/json",
                "X-Shopify-Topic": sample.topic,
                "X-Shopify-Webhook-Id": f"{sample.version}-{sample.topic}",
                "X-Shopify-Test": "true",
                "X-Shopify-Hmac-Sha256": sign_shopify(_SECRET, body),
            }
            answer = await client.post("/hooks/tea/shopify", content=body, headers=headers)
            if answer.status_code != 200:
                refused.append(f"{sample.version} {sample.topic}: {answer.status_code} {answer.text[:200]}")
    return refused
