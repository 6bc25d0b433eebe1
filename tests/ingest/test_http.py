"""What a shop sees of ingest, and what is stored: over HTTP, on the real broker and database."""

import asyncio
import gc
import hashlib
import json
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from relevo_ingest.adapters import erasures
from relevo_ingest.adapters.erasures import PendingErasures
from relevo_ingest.adapters.event_log import KafkaEventLog
from relevo_ingest.connectors.shopify.signature import sign_shopify
from relevo_ingest.entrypoints.main import running
from relevo_ingest.settings import IngestSettings
from relevo_runtime import catalog
from relevo_runtime.kafka import Publisher
from relevo_runtime.links import SecretTooShort, unsubscribe_token
from relevo_runtime.postgres import Pool
from relevo_runtime.service import Service
from tests.conftest import SettingsFactory
from tests.ingest.conftest import EXPIRED, NOW, OLD_SECRET, SECRET, TOKEN, Ingest, tea_shop
from tests.ingest.webhooks import body_of, fixture

PLACED = "order.placed:5600000000001"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of an answer, which has all of RFC 9457's members."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:relevo:problem:")
    assert document["title"]
    assert document["detail"]
    return document


def cloud_event(**changes: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": "42",
        "source": "/erp",
        "type": "quote.requested",
        "time": NOW.isoformat(),
        "data": {"customer": {"id": "7", "email": "Ana@Example.com"}, "quote_id": "q-1", "note": "by Friday"},
    }
    return event | changes


async def test_a_webhook_is_stored_before_it_is_acknowledged(ingest: Ingest) -> None:
    response = await ingest.webhook("orders/create")
    assert response.status_code == 200
    [event] = await ingest.stored()
    told = response.json()["events"]
    assert [(item["id"], item["type"], item["key"]) for item in told] == [(PLACED, "order.placed", event.key)]
    assert (event.id, event.shop, event.source) == (PLACED, "tea", "/shops/tea/shopify")
    assert event.payload().order_id == "5600000000001"  # type: ignore[union-attr] # it is an order
    [(key, _)] = await ingest.messages("relevo.events")
    assert key == f"tea/{event.key}".encode()


async def test_the_same_webhook_ten_times_is_one_event_id(ingest: Ingest) -> None:
    answers = await asyncio.gather(*(ingest.webhook("orders/create", delivery="w-9") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    events = await ingest.stored()
    assert len(events) == 10
    assert len({(event.id, event.source, event.key, str(event.data)) for event in events}) == 1


async def test_a_webhook_without_an_id_gets_one_from_its_content(ingest: Ingest) -> None:
    for _ in range(2):
        assert (await ingest.webhook("orders/paid", delivery="")).status_code == 200
    assert len({event.id for event in await ingest.stored()}) == 1


async def test_an_order_and_what_names_only_the_order_share_a_key(ingest: Ingest) -> None:
    topics = ["checkouts/create", "orders/create", "fulfillment_events/create", "refunds/create", "returns/request"]
    for n, topic in enumerate(topics):
        assert (await ingest.webhook(topic, delivery=f"w-{n}")).status_code == 200
    events = await ingest.stored()
    assert len(events) == len(topics)
    assert len({event.key for event in events}) == 1


async def test_an_inventory_level_finds_its_product(ingest: Ingest) -> None:
    before = (await ingest.webhook("inventory_levels/update", delivery="w-0")).json()["events"][0]
    assert (await ingest.webhook("products/create", delivery="w-1")).json()["events"]
    after = (await ingest.webhook("inventory_levels/update", delivery="w-2")).json()["events"][0]
    assert before["key"] == "prd_inventory-4300000000011"
    assert after["key"] == "prd_4100000000001"
    last = next(event for event in await ingest.stored() if event.id == "w-2")
    assert last.data["product_id"] == "4100000000001"


async def test_what_is_not_recognised_is_kept_without_secrets(ingest: Ingest) -> None:
    response = await ingest.webhook("themes/publish", body_of(fixture("draft_orders/create")))
    assert response.status_code == 200
    assert "no canonical event" in response.json()["unrecognised"][0]
    [kept] = await ingest.unrecognised()
    assert (kept["topic"], kept["shop"], kept["platform"]) == ("themes/publish", "tea", "shopify")
    assert "hunter2" not in str(kept)
    assert await ingest.stored() == []


async def test_two_secrets_are_valid_while_one_rotates(ingest: Ingest) -> None:
    for secret in (SECRET, OLD_SECRET):
        assert (await ingest.webhook("orders/paid", secret=secret)).status_code == 200


async def test_a_wrong_signature_stores_nothing(ingest: Ingest) -> None:
    for secret in (EXPIRED, "shpss-somebody-elses"):
        document = problem(await ingest.webhook("orders/paid", secret=secret), 401)
        assert "none of the shop's secrets" in document["detail"]
    assert "missing" in problem(await ingest.webhook("orders/paid", X_Shopify_Hmac_Sha256=""), 401)["detail"]
    of_another_body = sign_shopify(SECRET, body_of(fixture("orders/paid")))
    problem(await ingest.webhook("orders/paid", b'{"id": 1}', X_Shopify_Hmac_Sha256=of_another_body), 401)
    assert await ingest.stored() == []


async def test_a_secret_that_was_just_replaced(ingest: Ingest, pool: Pool) -> None:
    new = msgspec.structs.replace(tea_shop(), secrets=[catalog.Secret("shpss-brand-new")])
    async with pool.acquire() as connection, connection.transaction():
        await catalog.update_shop(connection, new)
    await asyncio.sleep(0.06)
    assert (await ingest.webhook("orders/paid", secret="shpss-brand-new")).status_code == 200
    problem(await ingest.webhook("orders/paid"), 401)


async def test_an_unknown_shop_until_it_is_added(ingest: Ingest, pool: Pool) -> None:
    body = body_of(fixture("orders/paid"))
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Hmac-Sha256": sign_shopify(SECRET, body),
    }
    unknown = await ingest.client.post("/hooks/coffee/shopify", content=body, headers=headers)
    wrong = await ingest.webhook("orders/paid", secret="somebody-elses")
    assert problem(unknown, 401) == problem(wrong, 401), "a guess must not find out which shops there are"
    assert set(unknown.headers) == set(wrong.headers)
    assert "shops list" in unknown.json()["detail"]
    assert 'relevo_webhooks_total{shop="unknown",status="401"} 1.0' in ingest.service.metrics.text().decode()
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, msgspec.structs.replace(tea_shop(), shop="coffee"))
    await asyncio.sleep(0.06)
    assert (await ingest.client.post("/hooks/coffee/shopify", content=body, headers=headers)).status_code == 200


async def test_a_shop_that_is_held_is_told_to_send_again(ingest: Ingest, pool: Pool) -> None:
    link = unsubscribe_token(ingest.settings.link_secret.get_secret_value(), "tea", "cus_1", "email")
    async with pool.acquire() as connection, connection.transaction():
        await catalog.hold_shop(connection, "tea", NOW)
    problem(await ingest.webhook("orders/paid", secret="a guess"), 401)  # and ingest looks at the catalog again
    event = json.dumps(cloud_event()).encode()
    for answer in (
        await ingest.webhook("orders/paid"),
        await ingest.send(event, Content_Type=STRUCTURED),
        await ingest.client.post(f"/u/{link}"),
    ):
        assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert await ingest.stored() == []
    async with pool.acquire() as connection, connection.transaction():
        await catalog.release_shop(connection, "tea")
    problem(await ingest.webhook("orders/paid", secret="a guess"), 401)
    assert (await ingest.webhook("orders/paid")).json()["events"]


async def test_an_unknown_path_and_a_wrong_method(ingest: Ingest) -> None:
    problem(await ingest.client.get("/nothing"), 404)
    problem(await ingest.client.post("/events/tea/"), 404)  # one spelling: a redirect loses bodies and tokens
    for path, methods in (("/events/tea", "OPTIONS, POST"), ("/u/token", "GET, HEAD, POST")):
        assert (await ingest.client.put(path)).headers["allow"] == methods
    assert problem(await ingest.client.get("/hooks/tea/shopify"), 405)["type"].endswith("wrong-method")


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded"])
async def test_what_a_genuine_webhook_calls_itself_does_not_matter(ingest: Ingest, content_type: str) -> None:
    assert (await ingest.webhook("orders/paid", Content_Type=content_type)).json()["events"]


async def test_another_character_set_of_the_web_is_read(ingest: Ingest) -> None:
    body = '{"id": 5, "name": "#5", "customer": {"first_name": "José"}}'.encode("latin-1")
    await ingest.webhook("orders/create", body, Content_Type="application/json; charset=ISO-8859-1")
    [event] = await ingest.stored()
    assert event.data["customer"]["first_name"] == "José"


UNREADABLE = [
    ("orders/create", b'{"id": 5, "name": "#1', "invalid", "body", "truncated"),
    ("orders/create", b"[1, 2]", "invalid", "body", "not a JSON object"),
    ("orders/create", b"id=5&name=1&password=hunter2", "invalid", "body", "JSON is broken"),
    ("orders/create", b"", "invalid", "body", "is empty"),
    ("orders/create", b'{"name": "#5", "id": []}', "mismatch", "", "'id'"),
    ("orders/create", b'{"id": {"x": 1}, "name": "#5"}', "invalid", "id", "missing"),
    ("", b'{"id": 5, "name": "#5"}', "no_topic", "", "X-Shopify-Topic"),
    ("orders/cancelled", b'{"id": 5, "name": "#5", "cancelled_at": null}', "mismatch", "", "'cancelled_at'"),
    ("no/such", b"\x1f\x8b\x00", "no_event", "", "no canonical event"),
]


async def test_a_genuine_webhook_that_can_not_be_read_is_kept_with_the_reason(ingest: Ingest) -> None:
    for n, (topic, body, kind, _, detail) in enumerate(UNREADABLE):
        answer = await ingest.webhook("orders/create", body, delivery=f"w-{n}", X_Shopify_Topic=topic)
        assert answer.status_code == 200, (kind, answer.text)
        assert detail in answer.json()["unrecognised"][0]
    kept = {message["id"]: message for message in await ingest.unrecognised()}
    for n, (topic, _, kind, where, detail) in enumerate(UNREADABLE):
        message = kept[f"w-{n}"]
        told = (message["topic"], message.get("kind", "no_event"), message.get("where", ""))
        assert told == (topic, kind, where)
        assert detail in message["reason"]
        assert message["headers"].get("x-shopify-webhook-id") == f"w-{n}"
    assert "hunter2" not in str(kept)
    assert await ingest.stored() == []
    metrics = ingest.service.metrics.text().decode()
    assert 'relevo_unrecognised_total{reason="invalid",shop="tea",topic="orders/create"} 5.0' in metrics
    assert 'relevo_unrecognised_total{reason="no_event",shop="tea",topic="other"} 1.0' in metrics


async def test_malformed_values_of_a_webhook_are_told_and_counted(
    ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has their places only: they may be about a person."""
    caplog.set_level("INFO", logger="relevo_ingest")
    order = fixture("orders/create") | {"total_price": "12,50", "shipping_address": []}
    answer = await ingest.webhook("orders/create", body_of(order))
    assert answer.json()["events"][0]["note"].endswith("total_price: '12,50' is not a decimal number; it was left out")
    assert (
        'relevo_values_left_out_total{shop="tea",topic="orders/create"} 1.0' in ingest.service.metrics.text().decode()
    )
    [line] = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert line.endswith("topic=orders/create total_price (left out)")


@pytest.mark.parametrize("topic", ["orders/cancelled", "customers/redact", "shop/redact", "app/uninstalled"])
async def test_a_captured_body_can_not_become_another_event(ingest: Ingest, topic: str) -> None:
    answer = await ingest.webhook("orders/create", X_Shopify_Topic=topic)
    assert answer.status_code == 200
    assert f"a body of {topic}" in answer.json()["unrecognised"][0]
    assert await ingest.stored() == []


async def test_what_erases_waits_and_can_be_taken_back(ingest: Ingest, pool: Pool) -> None:
    for n in range(2):  # the second is the same request, delivered again
        answer = await ingest.webhook("customers/redact", delivery="w-1")
        assert answer.json()["events"] == []
        assert [one["type"] for one in answer.json()["waiting"]] == ["customer.redacted"], n
    await ingest.webhook("shop/redact", delivery="w-2")
    async with pool.acquire() as connection:
        waiting = await erasures.erasures(connection, "tea", also_over=False)
        assert [(one.id, one.type, one.due - one.received) for one in waiting] == [
            ("w-1", "customer.redacted", timedelta(hours=24)),
            ("w-2", "shop.redacted", timedelta(hours=24)),
        ]
        assert await erasures.cancel(connection, "tea", "w-2", waiting[0].received) is not None
        assert await erasures.cancel(connection, "tea", "w-2", waiting[0].received) is None
    log = KafkaEventLog(Publisher(ingest.settings), most_waiting=1)
    kept = PendingErasures(pool, log.events)
    assert await kept.run_once(waiting[0].due - timedelta(seconds=1)) == waiting[0].due
    assert await ingest.stored() == []
    assert await kept.run_once(waiting[0].due) is None
    [event] = await ingest.stored()
    assert (event.id, event.type, event.time) == ("w-1", "customer.redacted", waiting[0].due)
    assert "noor.haddad" not in str(await pool.fetch("select * from ingest.pending_erasure"))
    await ingest.webhook("shop/redact", delivery="w-2")  # taken back, and stays so
    assert await kept.run_once(waiting[0].due + timedelta(days=3)) is None
    assert [(one.id, one.type) for one in await ingest.stored()] == [("w-1", "customer.redacted")]
    async with pool.acquire() as connection:
        over = await erasures.erasures(connection, None, also_over=True)
        assert [(one.id, one.state) for one in over] == [("w-1", "published"), ("w-2", "cancelled")]
    await kept.run_once(waiting[0].due + timedelta(days=200))
    assert await pool.fetch("select * from ingest.pending_erasure") == []
    await log.stop()


async def test_what_was_taken_back_does_not_come_again_under_another_delivery_id(ingest: Ingest, pool: Pool) -> None:
    """The id of a delivery is not signed. Another request of the same customer is another one, also once it is over."""
    for delivery in ("w-1", "w-2"):
        await ingest.webhook("customers/redact", delivery=delivery)
    async with pool.acquire() as connection:
        [waiting] = await erasures.erasures(connection, None, also_over=False)
        assert await erasures.cancel(connection, "tea", waiting.id, NOW) is not None
        await ingest.webhook("customers/redact", delivery="w-3")
        assert await erasures.erasures(connection, None, also_over=False) == []
        other = fixture("customers/redact") | {"orders_to_redact": [1]}
        await ingest.webhook("customers/redact", body_of(other), delivery="w-4")
        [waiting] = await erasures.erasures(connection, None, also_over=False)
        await pool.execute(
            "update ingest.pending_erasure set state = 'published', ended = due, event = null where id = 'w-4'"
        )
        await ingest.webhook("customers/redact", body_of(other), delivery="w-5")
        assert [one.id for one in await erasures.erasures(connection, None, also_over=False)] == ["w-5"]


async def test_without_a_wait_what_erases_is_told_at_once(
    settings: SettingsFactory, topics: list[str], tea: catalog.Shop
) -> None:
    own = settings(IngestSettings, ingest_port=0, ingest_erasing_after=timedelta(0))
    service = Service("ingest", own)
    async with (
        running(own, service) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        answer = await Ingest(client, own, service).webhook("shop/redact")
        assert [one["type"] for one in answer.json()["events"]] == ["shop.redacted"]


async def test_a_shop_that_sends_too_much_is_told_when_to_go_on(
    settings: SettingsFactory, topics: list[str], tea: catalog.Shop
) -> None:
    own = settings(IngestSettings, ingest_port=0, ingest_rate=0.1, ingest_burst=2)
    service = Service("ingest", own)
    async with (
        running(own, service) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        limited = Ingest(client, own, service)
        await limited.webhook("orders/paid", secret="somebody-elses")  # counts for nobody
        answers = [await limited.webhook("orders/paid", delivery=f"w-{n}") for n in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 10
        assert "RELEVO_INGEST_RATE" in problem(answers[2], 429)["detail"]


async def test_a_body_of_20_mb_is_refused_unread(ingest: Ingest) -> None:
    body = b'{"note": "' + b"x" * 20_000_000 + b'"}'
    document = problem(await ingest.webhook("orders/create", body), 413)
    assert document["limit"] == ingest.settings.ingest_body_limit
    assert (await ingest.webhook("orders/create")).status_code == 200


async def test_a_body_of_20_mb_without_a_length_is_not_held_in_memory(ingest: Ingest) -> None:
    chunk = b"x" * 65_536

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20_000_000 // len(chunk)):
            yield chunk

    gc.collect()
    tracemalloc.start()
    answer = await ingest.client.post(
        "/hooks/tea/shopify", content=endless(), headers={"Content-Type": "application/json"}
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    problem(answer, 413)
    assert peak < 8_000_000  # both sides of the connection, in one process


async def test_kafka_is_away(ingest_without_kafka: Ingest) -> None:
    answer = await ingest_without_kafka.webhook("orders/create")
    document = problem(answer, 503)
    assert int(answer.headers["retry-after"]) == ingest_without_kafka.settings.ingest_retry_after
    assert "send it again" in document["detail"]
    report = await ingest_without_kafka.service.health.report()
    assert (report.ready, report.parts["kafka"]["ok"]) == (False, False)
    assert (await ingest_without_kafka.client.get("/healthz")).status_code == 200
    page = await ingest_without_kafka.client.post(f"/u/{token_for(ingest_without_kafka)}")
    assert page.status_code == 200, "it holds, and the event waits in the outbox"


async def test_a_database_that_does_not_answer_gives_no_false_yes(ingest: Ingest, pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("lock table notifier.contact")
        page = await ingest.client.post(f"/u/{token_for(ingest)}")
    assert (page.status_code, int(page.headers["retry-after"]) > 0) == (503, True)
    assert await ingest.stored() == []


async def test_healthy(ingest: Ingest) -> None:
    await ingest.webhook("orders/create")
    await ingest.webhook("orders/create", secret="wrong")
    assert (await ingest.service.health.report()).ready
    metrics = ingest.service.metrics.text().decode()
    assert 'relevo_webhooks_total{shop="tea",status="200"} 1.0' in metrics
    assert 'relevo_webhooks_total{shop="tea",status="401"} 1.0' in metrics


async def test_what_only_the_operator_may_see_is_not_on_the_public_port(ingest: Ingest) -> None:
    assert (await ingest.client.get("/healthz")).status_code == 200
    for path in ("/readyz", "/metrics"):
        problem(await ingest.client.get(path), 404)


async def test_it_does_not_start_without_the_secret_of_the_links(settings: SettingsFactory) -> None:
    for secret in ("", "short"):
        own = settings(IngestSettings, ingest_port=0, link_secret=secret)
        with pytest.raises(SecretTooShort, match="RELEVO_LINK_SECRET"):
            async with running(own, Service("ingest", own)):
                pass


async def test_a_structured_event(ingest: Ingest) -> None:
    answer = await ingest.send(json.dumps(cloud_event()).encode(), Content_Type=STRUCTURED)
    assert answer.status_code == 200, answer.text
    [event] = await ingest.stored()
    assert (event.id, event.source, event.type) == ("/erp#42", "/erp", "quote.requested")
    assert event.data["customer"] == {"id": "7", "email": "ana@example.com"}


async def test_a_binary_event(ingest: Ingest) -> None:
    answer = await ingest.send(
        b'{"customer": {"id": "7"}, "form": "wholesale", "fields": {"city": "Lima", "password": "hunter2"}}',
        Content_Type="application/json",
        CE_SpecVersion="1.0",
        CE_Id="%C3%A9-1",
        CE_Source="/site",
        CE_Type="form.submitted",
        CE_Time="2020-01-01T00:00:00Z",
        CE_Historical="true",
    )
    assert answer.status_code == 200, answer.text
    [event] = await ingest.stored()
    assert (event.id, event.historical, event.time.year) == ("/site#é-1", True, 2020)
    assert event.data["fields"] == {"city": "Lima"}


async def test_a_batch_with_an_unknown_type(ingest: Ingest) -> None:
    unknown = cloud_event(id="43", type="erp.invoice.printed", data={"secret_key": "abc", "n": 1})
    refused = problem(await ingest.send(json.dumps([cloud_event(), unknown]).encode(), Content_Type=BATCH), 422)
    assert refused["where"] == "[1].type"
    assert await ingest.stored() == []
    answer = await ingest.send(json.dumps([cloud_event(), unknown]).encode(), "?strict=false", Content_Type=BATCH)
    assert answer.status_code == 200, answer.text
    assert (len(answer.json()["events"]), len(answer.json()["unrecognised"])) == (1, 1)
    [kept] = await ingest.unrecognised()
    assert (kept["topic"], kept["body"]["secret_key"]) == ("erp.invoice.printed", "[removed]")


async def test_a_batch_is_stored_as_a_whole_or_not_at_all(ingest: Ingest) -> None:
    bad = cloud_event(id="43", data={"customer": {"id": "7", "phone": "call me"}, "quote_id": "q"})
    answer = await ingest.send(json.dumps([cloud_event(), bad]).encode(), Content_Type=BATCH)
    assert problem(answer, 422)["where"] == "[1].data.customer.phone"
    assert await ingest.stored() == []


async def test_a_large_batch_shares_round_trips(ingest: Ingest) -> None:
    events = [cloud_event(id=str(n), data={"customer": {"id": str(n % 300)}, "quote_id": str(n)}) for n in range(1000)]
    answer = await ingest.send(json.dumps(events).encode(), Content_Type=BATCH)
    assert answer.status_code == 200, answer.text
    stored = await ingest.stored()
    assert (len(stored), len({event.key for event in stored})) == (1000, 300)


BAD_EVENTS: list[tuple[dict[str, Any], str]] = [
    ({"specversion": "0.3"}, "specversion"),
    ({"id": ""}, "id"),
    ({"type": "order.placed", "data": {"customer": {}}}, "data.order_id"),
    ({"data": {"customer": {}, "quote_id": ""}}, "data.quote_id"),  # the first of both
    ({"data": {"customer": {}, "quote_id": "1"}}, "data.customer"),
    ({"data": {"customer": {"email": "nobody"}, "quote_id": "1"}}, "data.customer.email"),
    ({"data": {"customer": {"id": "1"}, "quote_id": 5}}, "data.quote_id"),
    (
        {"data": {"customer": {"id": "1"}, "quote_id": "5", "total": {"amount": "-1", "currency": "EUR"}}},
        "data.total.amount",
    ),
    ({"time": "yesterday"}, "time"),
]


async def test_an_event_that_is_not_valid_says_where(ingest: Ingest) -> None:
    for changes, where in BAD_EVENTS:
        answer = await ingest.send(json.dumps(cloud_event(**changes)).encode(), Content_Type=STRUCTURED)
        assert problem(answer, 422)["where"] == where
    assert await ingest.stored() == []


async def test_too_many_events_in_a_batch(ingest: Ingest) -> None:
    events = [cloud_event(id=str(n)) for n in range(1001)]
    assert "at most 1000" in problem(await ingest.send(json.dumps(events).encode(), Content_Type=BATCH), 422)["detail"]


async def test_bearer_tokens(ingest: Ingest) -> None:
    body = json.dumps(cloud_event()).encode()
    for token in (TOKEN, "an-older-token"):
        assert (await ingest.send(body, token=token, Content_Type=STRUCTURED)).status_code == 200
    answer = await ingest.send(body, token="guess", Content_Type=STRUCTURED)
    problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    problem(await ingest.client.post("/events/tea", content=body, headers={"Content-Type": STRUCTURED}), 401)
    guess = {"Content-Type": STRUCTURED, "Authorization": "Bearer guess"}
    unknown = await ingest.client.post("/events/coffee", content=body, headers=guess)
    assert problem(unknown, 401) == answer.json(), "a guess must not find out which shops there are"


async def test_what_the_catalog_got_a_moment_ago_counts_at_once(ingest: Ingest, pool: Pool) -> None:
    body = json.dumps(cloud_event()).encode()
    order = json.dumps(cloud_event(id="o-1", type="custom.tasted", data={"customer": {"id": "7"}, "cups": 2})).encode()
    new = {"Content-Type": STRUCTURED, "Authorization": "Bearer new"}
    problem(await ingest.client.post("/events/tea", content=body, headers=new), 401)
    hashed = hashlib.sha256(b"new").hexdigest()
    async with pool.acquire() as connection, connection.transaction():
        await catalog.update_shop(connection, msgspec.structs.replace(tea_shop(), token_hashes=[hashed]))
    assert (await ingest.client.post("/events/tea", content=body, headers=new)).status_code == 200
    async with pool.acquire() as connection, connection.transaction():
        await catalog.add_shop(connection, msgspec.structs.replace(tea_shop(), shop="coffee", token_hashes=[hashed]))
    assert (await ingest.client.post("/events/coffee", content=body, headers=new)).status_code == 200
    problem(await ingest.client.post("/events/tea", content=order, headers=new), 422)
    schema = {"type": "object", "properties": {"cups": {"type": "integer"}}}
    async with pool.acquire() as connection, connection.transaction():
        await catalog.declare_event(
            connection,
            catalog.EventType(name="custom.tasted", shop="tea", schema=schema, author="ops", declared_at=NOW),
        )
    assert (await ingest.client.post("/events/tea", content=order, headers=new)).status_code == 200


async def test_plain_json_is_no_event(ingest: Ingest) -> None:
    assert "cloudevents" in problem(await ingest.send(b"{}", Content_Type="application/json"), 415)["detail"]


async def test_the_handshake_of_cloudevents(ingest: Ingest) -> None:
    answer = await ingest.client.options("/events/tea", headers={"WebHook-Request-Origin": "erp.example.com"})
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "erp.example.com"
    assert answer.headers["webhook-allowed-rate"] == "*"
    assert (await ingest.client.options("/events/coffee")).status_code == 200, "it does not tell which shops there are"


def token_for(ingest: Ingest) -> str:
    return unsubscribe_token(ingest.settings.link_secret.get_secret_value(), "tea", "cus_1", "email")


async def test_opening_an_unsubscribe_link_changes_nothing(ingest: Ingest) -> None:
    answer = await ingest.client.get(f"/u/{token_for(ingest)}", headers={"Accept-Language": "it-IT,it;q=0.9"})
    assert answer.status_code == 200
    assert '<form method="post">' in answer.text
    assert 'lang="it"' in answer.text
    assert await ingest.stored() == []


async def test_one_click_withdraws_the_consent(ingest: Ingest) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"List-Unsubscribe=One-Click", b"confirm=yes", b""):
        answer = await ingest.client.post(f"/u/{token_for(ingest)}", content=body, headers=headers)
        assert answer.status_code == 200, "RFC 8058: no redirect"
        assert "set-cookie" not in answer.headers
    events = await ingest.stored()
    assert len(events) == 3
    for event in events:
        assert (event.type, event.shop, event.key) == ("consent.changed", "tea", "cus_1")
        assert event.data == {"customer": {}, "channel": "email", "state": "withdrawn", "source": "unsubscribe-link"}


async def test_a_made_up_unsubscribe_link(ingest: Ingest) -> None:
    for method in ("GET", "POST"):
        answer = await ingest.client.request(method, f"/u/{token_for(ingest)[:-3]}abc")
        assert answer.status_code == 404
    assert await ingest.stored() == []


async def test_an_old_date_is_moved_and_the_sender_is_told(ingest: Ingest) -> None:
    body = body_of(fixture("orders/cancelled") | {"cancelled_at": "1970-01-01T00:00:00Z"})
    [told] = (await ingest.webhook("orders/cancelled", body)).json()["events"]
    assert "7 days ago" in told["note"]


async def test_a_change_of_status_is_told_once_and_the_same_again_for_a_redelivery(ingest: Ingest) -> None:
    placed = fixture("orders/create") | {"financial_status": "pending"}
    assert (await ingest.webhook("orders/create", body_of(placed), delivery="w-1")).json()["events"]
    paid = body_of(placed | {"financial_status": "paid", "updated_at": "2026-03-01T14:00:00-05:00"})
    first, again = [(await ingest.webhook("orders/updated", paid, delivery="w-2")).json() for _ in range(2)]
    assert [(event["id"], event["type"]) for event in first["events"]] == [("w-2", "order.status_changed")]
    assert [event["id"] for event in again["events"]] == ["w-2"]
    assert (await ingest.webhook("orders/updated", paid, delivery="w-3")).json()["events"] == []
    told = [event for event in await ingest.stored() if event.type == "order.status_changed"]
    assert {event.data["previous_payment_status"] for event in told} == {"pending"}


async def test_a_notification_of_a_test_is_a_test(ingest: Ingest) -> None:
    await ingest.webhook("orders/create", X_Shopify_Test="true")
    assert [event.test for event in await ingest.stored()] == [True]
