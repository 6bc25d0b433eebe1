"""Posts the workload's webhooks to ingest over kept-alive connections: signed Shopify checkouts and orders.

A driver of a few lines on asyncio streams, so that the measuring end takes little of the two cores.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from benchmarks.peers.workload import Workload, drive


class Webhooks:
    """Signed webhooks to one shop of an ingest at `url`."""

    def __init__(self, url: str, shop: str, secret: str, connections: int) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._shop, self._secret = shop, secret.encode()
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._connections = connections
        self.started: dict[int, float] = {}
        self.refused = 0

    async def run(self, load: Workload) -> None:
        """Hands over the whole workload; `started` then holds when each run's webhook was sent."""
        for _ in range(self._connections):
            self._free.put_nowait(await asyncio.open_connection(self._host, self._port))
        await drive(load, self._checkout, self._order)

    async def _checkout(self, n: int, due: float) -> None:
        self.started[n] = due
        body = {"token": str(n), "created_at": _now(), "updated_at": _now(), "total_price": "59.90", "currency": "EUR",
                "phone": f"+1202555{n % 100:04d}", "email": f"c{n}@example.com", "customer_locale": "en",
                "line_items": [{"title": "Espresso cups", "quantity": 2, "price": "29.95"}]}  # fmt: skip
        await self._post("checkouts/create", f"c{n}", body)

    async def _order(self, n: int) -> None:
        body = {"id": n, "checkout_token": str(n), "created_at": _now(), "updated_at": _now(), "total_price": "59.90",
                "currency": "EUR", "email": f"c{n}@example.com", "line_items": []}  # fmt: skip
        await self._post("orders/create", f"o{n}", body)

    async def _post(self, topic: str, webhook_id: str, body: dict[str, object]) -> None:
        raw = json.dumps(body).encode()
        signature = base64.b64encode(hmac.digest(self._secret, raw, hashlib.sha256)).decode()
        request = (
            f"POST /hooks/{self._shop}/shopify HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
            f"X-Shopify-Topic: {topic}\r\nX-Shopify-Webhook-Id: {webhook_id}\r\nX-Shopify-Hmac-Sha256: {signature}\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n".encode()
            + raw
        )
        self.refused += not await self._exchange(request)

    async def _exchange(self, request: bytes) -> bool:
        """Whether the webhook was taken. An idle connection that the server closed is opened again, as a shop would."""
        reader, writer = await self._free.get()
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            reader, writer = await asyncio.open_connection(self._host, self._port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
        fields = head.lower().split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in fields if line.startswith(b"content-length")), 0)
        await reader.readexactly(length)
        self._free.put_nowait((reader, writer))
        return head.startswith(b"HTTP/1.1 200")


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat()
