"""What a restored database is told of what was sent after the moment that it is from."""

from datetime import timedelta
from typing import Any

import msgspec

from relevo_contracts.messages import CallAnswered, DeliveryOutcome
from relevo_notifier.adapters import restored
from relevo_runtime.postgres import Pool
from tests.cli.test_restoring import AT, DELIVERY, OUTCOME

NOW = AT + timedelta(hours=1)
QUEUED = (
    "insert into notifier.delivery"
    " (shop, id, key, channel, purpose, state, attempts, wake_at, accepted_at, body, provider)"
    " values ('tea', $1, 'cus_1', 'email', 'marketing', $2, 0, $3, $3, 'x', 'smtp')"
)
CODE = "insert into notifier.coupon (shop, pool, code) values ('tea', 'welcome', $1)"


async def rows(pool: Pool, sql: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(sql)]


def outcome(delivery: str, status: str = "sent") -> DeliveryOutcome:
    return msgspec.structs.replace(
        OUTCOME, delivery_id=delivery, status=status, reason="why", detail={"provider_id": "p-1"}
    )


async def test_what_kafka_knows_to_be_over_is_never_begun_again(pool: Pool) -> None:
    await pool.execute(QUEUED, "queued", "queued", AT)
    await pool.execute(QUEUED, "sending", "sending", AT)
    async with pool.acquire() as connection:
        for _ in range(2):  # a repair that is asked for again
            await restored.settle(connection, [outcome("queued"), outcome("sending"), outcome("unknown", "skipped")])
    found = await rows(pool, "select id, state, wake_at, body, provider_id from notifier.delivery order by id")
    over = {"wake_at": None, "body": None, "provider_id": "p-1"}
    assert found == [
        {"id": "queued", "state": "sent", **over},
        {"id": "sending", "state": "sent", **over},
        {"id": "unknown", "state": "skipped", **over},
    ]


async def test_what_was_with_a_notifier_is_in_doubt_for_whoever_looks_next(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await restored.doubt(connection, [DELIVERY], NOW)
    [found] = await rows(pool, "select state, purpose, attempts, wake_at, accepted_at, body from notifier.delivery")
    assert msgspec.json.decode(found.pop("body"), type=type(DELIVERY)) == DELIVERY
    assert found == {"state": "sending", "purpose": "marketing", "attempts": 1, "wake_at": NOW, "accepted_at": AT}


async def test_a_call_that_was_answered_is_not_made_again_and_its_code_is_taken(pool: Pool) -> None:
    for code in ("A-1", "A-2"):
        await pool.execute(CODE, code)
    pooled = CallAnswered(
        id="c/answer", shop="tea", key="k", run_id="r", call_id="c", at=AT, status=200,
        body={"code": "A-1", "expires_at": None},
    )  # fmt: skip
    other = msgspec.structs.replace(pooled, call_id="d", body={"code": "A-2"}, status=200, error="it was too long")
    async with pool.acquire() as connection:
        await restored.settle_calls(connection, [pooled, other])
    assert await rows(pool, "select id, state, wake_at, status from notifier.call order by id") == [
        {"id": "c", "state": "answered", "wake_at": None, "status": 200},
        {"id": "d", "state": "failed", "wake_at": None, "status": 200},
    ]
    assert await rows(pool, "select code, call_id from notifier.coupon order by code") == [
        {"code": "A-1", "call_id": "c"},
        {"code": "A-2", "call_id": None},
    ]


async def test_an_outcome_that_nobody_has_is_reported_once_more(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await restored.settle(connection, [outcome("r/first/1")])
        await restored.report_anew(connection, [outcome("r/first/1")], NOW)
    [found] = await rows(pool, "select state, wake_at, outcome from notifier.delivery")
    assert (found["state"], found["wake_at"]) == ("sent", NOW)
    assert msgspec.json.decode(found["outcome"], type=DeliveryOutcome) == outcome("r/first/1")
