"""A shop merges customers: the event says which keys become one, and every name leads to the one that was kept."""

import json
from typing import Any

from relevo_contracts.envelope import Event
from tests.ingest.conftest import NOW, Ingest


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
