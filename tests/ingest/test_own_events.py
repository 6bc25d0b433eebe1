"""What a shop's own systems send: strict by default, all faults at once, declared events, ids that are used twice."""

import asyncio
import json
from typing import Any

import httpx
import msgspec
import pytest

from relevo_ingest.adapters.ids import STATEMENTS, EventIds
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.app.receive_events import receive_events
from relevo_ingest.core.cloudevents import BATCH, STRUCTURED, parse
from relevo_ingest.core.drafts import DEFAULT_LIMITS, ShopContext
from relevo_ingest.core.errors import InvalidPayload
from relevo_runtime import catalog
from relevo_runtime.catalog import EventType
from relevo_runtime.postgres import Pool
from tests.ingest.conftest import NOW, Ingest
from tests.ingest.test_any_request import Stores

LOYALTY = "custom.loyalty_reached"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["points"],
    "properties": {
        "points": {"type": "integer", "minimum": 0},
        "level": {"type": "string", "enum": ["silver", "gold"]},
        "reward": {"$ref": "relevo:Money"},
        "order_id": {"type": "integer"},
        "extra": {"type": "object"},
    },
}
ANA = {"email": " ANA@example.com "}
ORDER = {"customer": ANA, "order_id": "1001"}


def event(event_type: str, data: Any, event_id: str = "1", **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": "/erp", "type": event_type, "data": data, **more}


async def send(ingest: Ingest, *events: dict[str, Any], query: str = "") -> httpx.Response:
    batch = len(events) > 1
    body = json.dumps(list(events) if batch else events[0]).encode()
    return await ingest.send(body, query, Content_Type=BATCH if batch else STRUCTURED)


def faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert "^" not in answer.text, "a pattern is nothing for people"
    return {one["where"]: one["problem"] for one in answer.json()["errors"]}


async def declare(pool: Pool, schema: dict[str, Any], *, shop: str = "tea", name: str = LOYALTY) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await catalog.declare_event(
            connection, EventType(shop=shop, name=name, schema=schema, author="ann", declared_at=NOW)
        )


@pytest.mark.parametrize(
    ("event_type", "near"),
    [("order.plced", "order.placed"), ("Order.Placed", "order.placed"), ("customer.update", "customer.updated")],
)
async def test_a_slip_in_the_type_is_told(ingest: Ingest, event_type: str, near: str) -> None:
    found = faults(await send(ingest, event(event_type, ORDER)))
    assert list(found) == ["type"]
    assert f"did you mean '{near}'?" in found["type"]
    assert await ingest.unrecognised() == []


async def test_an_unknown_field_is_refused_or_noted_where_the_sender_asks_for_it(ingest: Ingest) -> None:
    slip = event("order.placed", {**ORDER, "gift": True, "customer": {**ANA, "frist_name": "Ana"}})
    assert faults(await send(ingest, slip)) == {
        "data.gift": "is not a field here",
        "data.customer.frist_name": "is not a field here; did you mean 'first_name'?",
    }
    lenient = await send(ingest, slip, query="?strict=false")
    assert lenient.status_code == 200
    [stored] = lenient.json()["events"]
    assert "data.gift" in stored["note"]
    assert "data.customer.frist_name" in stored["note"]


async def test_everything_that_is_wrong_in_a_request_is_told_at_once(ingest: Ingest) -> None:
    data = {
        "order_id": 7,
        "customer": {"email": "ana", "phone": "call me"},
        "total": {"amount": "12,50", "currency": "euro"},
        "items": [{"title": "Tea"}, {"quantity": -1}],
        "shipping_address": {"city": 5},
        "placed_at": "yesterday",
    }
    assert set(faults(await send(ingest, event("order.placed", data)))) == {
        "data.order_id",
        "data.total.amount",
        "data.total.currency",
        "data.items[1].title",
        "data.items[1].quantity",
        "data.shipping_address.city",
        "data.placed_at",
        "data.customer.email",
        "data.customer.phone",
    }
    unclean = {**ORDER, "customer": {"email": "ana", "phone": "call me"}, "total": {"amount": "-1", "currency": "EUR"}}
    assert set(faults(await send(ingest, event("order.placed", unclean)))) == {
        "data.customer.email",
        "data.customer.phone",
        "data.total.amount",
    }
    both = await send(ingest, event("order.placed", {**ORDER, "order_id": 7}), event("order.plced", ORDER, "2"))
    assert set(faults(both)) == {"[0].data.order_id", "[1].type"}
    assert await ingest.stored() == []


async def test_the_key_of_a_wrong_value_in_a_mapping_is_named(ingest: Ingest) -> None:
    form = {"customer": ANA, "form": "contact", "fields": {"first name": 3, "city": "Lima"}}
    assert set(faults(await send(ingest, event("form.submitted", form)))) == {'data.fields["first name"]'}


async def test_attributes_are_any_json_without_secrets(ingest: Ingest) -> None:
    attributes = {"points": 120, "vip": True, "plan": {"level": 2, "password": "x"}, "likes": ["tea"], "api_key": "k"}
    answer = await send(ingest, event("customer.updated", {"customer": ANA, "attributes": attributes}))
    assert answer.status_code == 200, answer.text
    [stored] = await ingest.stored()
    assert stored.data["attributes"] == {
        "points": 120,
        "vip": True,
        "plan": {"level": 2},
        "likes": ["tea"],
    }


async def test_a_declared_event_is_stored_under_its_customer(ingest: Ingest, pool: Pool) -> None:
    assert "is not declared by this shop" in faults(await send(ingest, event(LOYALTY, {"customer": ANA})))["type"]
    await declare(pool, SCHEMA)
    data = {"customer": ANA, "points": 120, "reward": {"amount": "5.0", "currency": "EUR"}, "order_id": 7}
    answer = await send(ingest, event("order.placed", ORDER))
    for _ in range(100):
        told = await send(ingest, event(LOYALTY, data, "2"))
        if told.status_code == 200:
            break
    assert told.status_code == 200, told.text
    assert told.json()["events"][0]["key"] == answer.json()["events"][0]["key"]
    stored = next(one for one in await ingest.stored() if one.type == LOYALTY)
    assert stored.data == {
        "customer": {"email": "ana@example.com"},
        "points": 120,
        "reward": {"amount": "5.0", "currency": "EUR"},
        "order_id": 7,
    }
    assert faults(await send(ingest, event(LOYALTY, {"customer": ANA, "points": -1, "level": "iron", "pts": 1}))) == {
        "data.points": "must be at least 0",
        "data.level": "'iron' is not allowed: one of 'gold', 'silver'",
        "data.pts": "is not a field here; did you mean 'points'?",
    }
    nobody = faults(await send(ingest, event(LOYALTY, {"customer": {}, "points": 1})))
    assert "names nobody" in nobody["data.customer"]
    near = faults(await send(ingest, event("custom.loyalty_reach", {"customer": ANA}), query="?strict=false"))
    assert f"did you mean '{LOYALTY}'?" in near["type"]


async def test_a_declared_event_that_can_not_be_read_costs_only_itself(ingest: Ingest, pool: Pool) -> None:
    await declare(pool, {"type": "array"}, name="custom.broken")
    await declare(pool, SCHEMA, shop="*")
    for _ in range(100):
        answer = await send(ingest, event(LOYALTY, {"customer": ANA, "points": 1}))
        if answer.status_code == 200:
            break
    assert answer.status_code == 200, answer.text


async def test_an_id_belongs_to_one_content(ingest: Ingest) -> None:
    assert (await send(ingest, event("order.placed", ORDER))).status_code == 200
    again = {"order_id": "1001", "customer": {"email": "ana@example.com"}}
    assert (await send(ingest, event("order.placed", again))).status_code == 200, "the same, written otherwise"
    other = await send(ingest, event("order.placed", {**ORDER, "number": "7"}), event("order.paid", ORDER, "2"))
    assert other.status_code == 409
    assert other.json()["ids"] == ["/erp#1"]
    assert len(await ingest.stored()) == 2, "nothing of the batch was stored"
    assert (await send(ingest, event("order.paid", {**ORDER, "number": "8"}, "2"))).status_code == 200
    twice = await send(ingest, event("order.paid", ORDER, "3"), event("order.placed", ORDER, "3"))
    assert twice.json()["ids"] == ["/erp#3"]
    elsewhere = event("order.placed", {**ORDER, "number": "7"}) | {"source": "/other"}
    assert (await send(ingest, elsewhere)).status_code == 200


async def test_a_request_that_is_refused_keeps_no_ids(pool: Pool) -> None:
    """An event that the broker wouldn't take is refused after its keys are found."""
    stores: Any = Stores()
    deps = IngestDependencies(
        keys=stores,
        states=stores,
        log=stores,
        erasures=stores,
        ids=EventIds(pool),
        notifications=stores,
        counters=stores,
        limits=msgspec.structs.replace(DEFAULT_LIMITS, message_bytes=10),
        budget=30.0,
    )
    sent, batch = parse(STRUCTURED, {}, json.dumps(event("order.placed", ORDER)).encode(), 1)
    with pytest.raises(InvalidPayload, match="can be stored"):
        await receive_events(deps, ShopContext("tea"), sent, NOW, batch=batch)
    assert await pool.fetch("select * from ingest.event_id") == []
    assert stores.stored == []


async def test_of_two_requests_at_once_with_one_id_only_one_content_is_taken(pool: Pool) -> None:
    ids = EventIds(pool)
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch(STATEMENTS["keep"], "tea", ["a"], [b"one"], NOW)
        other = asyncio.create_task(ids.used_otherwise("tea", {"a": b"two"}, NOW))
        same = asyncio.create_task(ids.used_otherwise("tea", {"a": b"one", "b": b"x"}, NOW))
        while await pool.fetchval("select count(*) from pg_locks where not granted") < 2:
            await asyncio.sleep(0.01)
    assert await other == ["a"]
    assert await same == []
    assert await ids.used_otherwise("tea", {"b": b"y"}, NOW) == ["b"]


async def test_an_event_that_was_refused_may_be_mended_under_its_id(ingest: Ingest) -> None:
    assert (await send(ingest, event("order.placed", {**ORDER, "number": 7}))).status_code == 422
    assert (await send(ingest, event("order.placed", {**ORDER, "number": "7"}))).status_code == 200


async def test_json_that_is_nested_too_deep_is_refused(ingest: Ingest) -> None:
    deep = '{"a":' * 800 + "1" + "}" * 800
    body = json.dumps(event("customer.updated", {"customer": ANA, "attributes": {"x": 0}})).replace(
        '"x": 0', f'"x": {deep}'
    )
    answer = await ingest.send(body.encode(), Content_Type=STRUCTURED)
    assert answer.status_code == 422, answer.text
