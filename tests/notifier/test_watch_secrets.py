"""The secrets that calls need and nobody set are told before the first call fails of it."""

from datetime import UTC, datetime

import msgspec

from relevo_notifier.adapters.catalog import Catalog
from relevo_notifier.app.watch_secrets import PART, missing_secrets, watch_secrets
from relevo_runtime import catalog
from relevo_runtime.health import Health
from relevo_runtime.postgres import Pool

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_is_set_is_not_missed() -> None:
    assert missing_secrets({"quote": {"ERP"}, "return": {"ERP", "BANK"}}, {"ERP", "OTHER"}) == (
        "not set: return needs RELEVO_CALL_SECRET_BANK; calls with them fail"
    )
    assert missing_secrets({"quote": {"ERP"}}, {"ERP"}) == ""
    assert missing_secrets({}, {}) == ""


async def deployed(pool: Pool, version: str, secrets: list[str]) -> None:
    files = {"compiled/secrets.json": msgspec.json.encode(secrets).decode()} if secrets else {"workflow.yaml": ""}
    async with pool.acquire() as connection, connection.transaction():
        await catalog.deploy(connection, workflow="quote", version=version, files=files, at=NOON)


async def test_it_follows_what_is_deployed_and_makes_nothing_unready(pool: Pool) -> None:
    health = Health()
    look = watch_secrets(Catalog(pool), health, {"BANK"})
    await deployed(pool, "v1", ["ERP", "BANK"])
    await look(NOON)
    report = await health.report()
    assert report.ready
    assert report.parts[PART]["why"] == "not set: quote needs RELEVO_CALL_SECRET_ERP; calls with them fail"
    await deployed(pool, "v2", ["BANK"])
    await look(NOON)
    assert "why" not in (await health.report()).parts[PART]
    await deployed(pool, "v3", [])
    await look(NOON)
    assert "why" not in (await health.report()).parts[PART]
