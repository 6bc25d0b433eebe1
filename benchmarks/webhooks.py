"""Posts the workload's webhooks to ingest over kept-alive connections: signed Shopify checkouts and orders.

A driver of a few lines on an asyncio protocol, so that the measuring end takes little of the two cores.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import cast

from benchmarks.peers.workload import Workload, drive


class Answers(asyncio.Protocol):
    """One connection: a request at a time, whose answer's status is what counts."""

    def __init__(self) -> None:
        self.waiting: asyncio.Future[int] | None = None
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> int:
        """The status of the answer. Raises `ConnectionError` if the connection is closed."""
        if self.closed or self._transport is None:
            raise ConnectionError("the connection is closed")
        self.waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self.waiting

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or self.waiting is None:
            return
        fields = head.lower().split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in fields if line.startswith(b"content-length")), 0)
        if len(rest) >= length:
            self._buffer = rest[length:]
            self.waiting.set_result(int(head.split(b" ", 2)[1]))


class Webhooks:
    """Signed webhooks to one shop of an ingest on `port` of this machine."""

    def __init__(self, port: int, shop: str, secret: str, connections: int) -> None:
        self._port, self._shop, self._secret = port, shop, secret.encode()
        self._free: asyncio.Queue[Answers] = asyncio.Queue()
        self._connections = connections
        self.started: dict[int, float] = {}
        self.refused = 0

    async def run(self, load: Workload) -> None:
        """Hands over the whole workload; `started` then holds when the call of each run is due."""
        for _ in range(self._connections):
            self._free.put_nowait(await self._connect())
        await drive(load, self._checkout, self._order)

    async def _connect(self) -> Answers:
        _, answers = await asyncio.get_running_loop().create_connection(Answers, "127.0.0.1", self._port)
        return answers

    async def _checkout(self, n: int, due: float) -> None:
        self.started[n] = due
        now = _now()
        body: dict[str, object] = {
            "token": str(n), "created_at": now, "updated_at": now, "total_price": "59.90", "currency": "EUR",
            "phone": f"+1202555{n % 10000:04d}", "email": f"c{n}@example.com", "customer_locale": "en",
            "line_items": [{"title": "Espresso cups", "quantity": 2, "price": "29.95"}],
        }  # fmt: skip
        await self._post("checkouts/create", f"c{n}", body)

    async def _order(self, n: int) -> None:
        now = _now()
        body: dict[str, object] = {
            "id": n, "checkout_token": str(n), "created_at": now, "updated_at": now, "total_price": "59.90",
            "currency": "EUR", "email": f"c{n}@example.com", "line_items": [],
        }  # fmt: skip
        await self._post("orders/create", f"o{n}", body)

    async def _post(self, topic: str, webhook_id: str, body: dict[str, object]) -> None:
        raw = json.dumps(body).encode()
        signature = base64.b64encode(hmac.digest(self._secret, raw, hashlib.sha256)).decode()
        head = (
            f"POST /hooks/{self._shop}/shopify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Shopify-Topic: {topic}\r\nX-Shopify-Webhook-Id: {webhook_id}\r\nX-Shopify-Hmac-Sha256: {signature}\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n"
        )
        self.refused += not await self._exchange(head.encode() + raw)

    async def _exchange(self, request: bytes) -> bool:
        """Whether the webhook was taken. An idle connection that the server closed is opened again, as a shop would."""
        connection = await self._free.get()
        try:
            status = await connection.ask(request)
        except ConnectionError:
            connection = await self._connect()
            status = await connection.ask(request)
        self._free.put_nowait(connection)
        return status == 200


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat()
