"""A shop's webhooks as whole HTTP requests: the recorded Shopify bodies of the tests, each for a customer of its own.

Of each ten customers all start a checkout, all change it a little later, and three buy: 23 webhooks, none of which
repeats another. Everything is made and signed beforehand, so that whoever sends them only writes bytes.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHOP, SECRET = "bench", "a-secret-of-the-benchmark"
BUYERS_IN_TEN = 3
_BLOCK = 1000  # customers whose webhooks of one topic come together
_RECORDED = Path(__file__).parents[1] / "tests" / "ingest" / "fixtures" / "shopify"


def requests(count: int, first: int = 0) -> list[bytes]:
    """`count` requests, of customers from the number `first` on."""
    now = datetime.now(UTC).isoformat()
    made = _webhooks(first, now)
    return [_request(*next(made)) for _ in range(count)]


def _webhooks(first: int, now: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Topic, delivery and body, without end."""
    checkout, updated, order = (_recorded(topic) for topic in ("checkouts.create", "checkouts.update", "orders.create"))
    while True:
        block = range(first, first + _BLOCK)
        yield from (("checkouts/create", f"c{n}", _checkout(checkout, n, now)) for n in block)
        yield from (("checkouts/update", f"u{n}", _checkout(updated, n, now)) for n in block)
        buyers = (n for n in block if n % 10 < BUYERS_IN_TEN)
        yield from (("orders/create", f"o{n}", _order(order, n, now)) for n in buyers)
        first += _BLOCK


def _recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_RECORDED / f"{name}.json").read_text())
    return found


def _checkout(recorded: dict[str, Any], n: int, now: str) -> dict[str, Any]:
    ids = {"id": n, "token": f"chk-{n}", "cart_token": f"cart-{n}", "email": f"c{n}@example.com"}
    return recorded | ids | _times(now) | _people(recorded, n)


def _order(recorded: dict[str, Any], n: int, now: str) -> dict[str, Any]:
    ids = {"id": n, "name": f"#{n}", "order_number": n, "checkout_token": f"chk-{n}", "cart_token": f"cart-{n}"}
    address = {"email": f"c{n}@example.com", "contact_email": f"c{n}@example.com", "processed_at": now}
    return recorded | ids | address | _times(now) | _people(recorded, n)


def _people(recorded: dict[str, Any], n: int) -> dict[str, Any]:
    """The customer, and where the goods go: nobody shares a number with anybody."""
    number = f"{2_000_000 + n % 7_999_999}"
    called = {"id": n, "email": f"c{n}@example.com", "phone": f"+1202{number}", "first_name": f"Noor {n}"}
    address = {"first_name": f"Noor {n}", "phone": f"(202) {number[:3]}-{number[3:]}"}
    return {
        "customer": recorded["customer"] | called,
        "shipping_address": recorded["shipping_address"] | address,
    }


def _times(now: str) -> dict[str, Any]:
    return {"created_at": now, "updated_at": now}


def _request(topic: str, delivery: str, body: dict[str, Any]) -> bytes:
    raw = json.dumps(body, separators=(",", ":")).encode()
    signature = base64.b64encode(hmac.digest(SECRET.encode(), raw, hashlib.sha256)).decode()
    return (
        f"POST /hooks/{SHOP}/shopify HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Shopify-Captain-Hook\r\n"
        f"Content-Type: application/json\r\nAccept: */*\r\nContent-Length: {len(raw)}\r\nX-Shopify-Topic: {topic}\r\n"
        f"X-Shopify-Hmac-Sha256: {signature}\r\nX-Shopify-Shop-Domain: bench.myshopify.com\r\n"
        f"X-Shopify-API-Version: 2026-04\r\nX-Shopify-Webhook-Id: {delivery}\r\nX-Shopify-Test: false\r\n\r\n"
    ).encode() + raw
