"""A shop merges customers: the event says which keys become one, and every name leads to the one that was kept."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from relevo_contracts.envelope import Event, partition_key
from relevo_ingest.adapters.erasures import Message, PendingErasures
from relevo_ingest.adapters.identity import Identity
from relevo_ingest.core.drafts import Finished, FinishedEvent
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import NOW, Ingest

DAY = timedelta(days=1)


async def tell(ingest: Ingest, number: int, event_type: str, data: dict[str, Any]) -> str:
    event = {"specversion": "1.0", "id": str(number), "source": "/erp", "type": event_type, "time": NOW.isoformat()}
    response = await ingest.send(
        json.dumps(event | {"data": data}).encode(), content_type="application/cloudevents+json"
    )
    assert response.status_code == 200, response.text
    key: str = response.json()["events"][0]["key"]
    return key


async def test_the_names_of_the_merged_lead_to_the_kept_customer(ingest: Ingest) -> None:
    kept = await tell(ingest, 1, "customer.created", {"customer": {"id": "1", "email": "one@example.com"}})
    order = {"customer": {"id": "2", "email": "two@example.com"}, "order_id": "9"}
    gone = await tell(ingest, 2, "order.placed", order)
    bystander = await tell(ingest, 3, "customer.created", {"customer": {"id": "3", "email": "two@example.com"}})
    merge = {"customer": {"id": "1"}, "merged": [{"id": "2", "email": "two@example.com"}], "merged_keys": [bystander]}
    assert await tell(ingest, 4, "customer.merged", merge) == kept
    assert await tell(ingest, 4, "customer.merged", merge) == kept
    told = [event for event in await ingest.stored() if event.type == "customer.merged"]
    assert [_merged_keys(event) for event in told] == [[gone], []]
    assert await tell(ingest, 5, "customer.updated", {"customer": {"id": "2"}}) == kept
    assert await tell(ingest, 6, "order.paid", {"customer": {}, "order_id": "9"}) == kept
    assert await tell(ingest, 7, "page.viewed", {"customer": {"email": "two@example.com"}}) == bystander


def _merged_keys(event: Event) -> list[str]:
    keys: list[str] = event.data["merged_keys"]
    return keys


def erasure(key: str) -> Finished:
    event = FinishedEvent(
        id="r",
        source="t",
        type="customer.redacted",
        time=NOW,
        shop="tea",
        key=key,
        data=msgspec.Raw(b"{}"),
        receivedtime=NOW,
    )
    return Finished(event, msgspec.json.encode(event))


async def test_an_erasure_that_waits_is_of_the_customer_that_was_kept(pool: Pool) -> None:
    published: list[Message] = []

    async def publish(messages: Sequence[Message]) -> None:
        published.extend(messages)

    pending = PendingErasures(pool, publish)
    await pending.postpone([erasure("cus_old")], NOW + DAY, "q")
    await Identity(pool).merge("tea", ["cus_old"], "cus_kept")
    await pending.run_once(NOW + DAY)
    [(key, value)] = published
    event = msgspec.json.decode(value, type=Event)
    assert (key, event.key, event.id, event.time) == (partition_key("tea", "cus_kept"), "cus_kept", "r", NOW + DAY)


async def test_an_erasure_is_published_by_one_process_at_a_time(pool: Pool) -> None:
    """Two would erase what came in between them."""
    publishing, go_on = asyncio.Event(), asyncio.Event()
    told: list[str] = []

    async def slow(messages: Sequence[Message]) -> None:
        publishing.set()
        await go_on.wait()
        told.extend("first" for _ in messages)

    async def quick(messages: Sequence[Message]) -> None:
        told.extend("second" for _ in messages)

    await PendingErasures(pool, slow).postpone([erasure("cus_1")], NOW, "q")
    first = asyncio.create_task(PendingErasures(pool, slow).run_once(NOW))
    await publishing.wait()
    assert await PendingErasures(pool, quick).run_once(NOW + DAY) is None
    go_on.set()
    await first
    assert await PendingErasures(pool, quick).run_once(NOW + DAY) is None
    assert told == ["first"]


async def test_what_a_dead_process_claimed_is_published_by_another(pool: Pool) -> None:
    published: list[Message] = []

    async def dies(messages: Sequence[Message]) -> None:
        raise ConnectionError(f"{len(messages)} were under way")

    async def publish(messages: Sequence[Message]) -> None:
        published.extend(messages)

    await PendingErasures(pool, dies).postpone([erasure("cus_1")], NOW, "q")
    with pytest.raises(ConnectionError):
        await PendingErasures(pool, dies).run_once(NOW)
    await PendingErasures(pool, publish).run_once(NOW)
    assert published == []
    await pool.execute("update ingest.pending_erasure set claimed_until = clock_timestamp() - interval '1 second'")
    await PendingErasures(pool, publish).run_once(NOW)
    assert len(published) == 1
