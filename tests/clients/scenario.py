"""What every client is walked through, and what has to come of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_runtime.http import serve
from tests.ingest.conftest import Ingest

EXPECTED: dict[str, Any] = {
    "first": "erp#order-1",
    "again": "erp#order-1",
    "batch": [["erp#order-2", "order.placed", ""], ["erp#order-3", "order.paid", ""]],
    "invalid": [422, "invalid-payload", ["[0].data.numbr"], []],
    "used": [409, "id-used", [], ["erp#order-1"]],
    "token": [401, "not-authentic", [], []],
    "retried": "erp#order-6",
    "pauses": [7, 1, 2],
    "odd": ["Unreachable", "Unreachable", "Unreachable", "RelevoProblem"],
}


@asynccontextmanager
async def flaky(ingest: Ingest) -> AsyncIterator[str]:
    """The address of something before ingest that first asks for 7 s, then says nothing of when, then breaks down."""
    refusals = [Response("{}", 429, {"Retry-After": "7"}), Response("busy", 503), Response("proxy", 502)]

    async def forward(request: Request) -> Response:
        body = await request.body()
        if refusals:
            return refusals.pop(0)
        headers = {name: request.headers[name] for name in ("authorization", "content-type")}
        answer: httpx.Response = await ingest.client.post(request.url.path, content=body, headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    app = Starlette(routes=[Route("/events/{shop}", forward, methods=["POST"])])
    async with serve(app, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def odd() -> AsyncIterator[str]:
    """The address of something that is not Relevo: under `/0` … `/3` a page, a cut body, other JSON, odd problems."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        number = int(head.split(b"/", 2)[1][:1])
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        writer.write(_ODD[number])
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _raw(status: str, body: bytes, length: int | None = None) -> bytes:
    said = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {said}\r\nConnection: close\r\n\r\n".encode() + body


_ODD = [
    _raw("200 OK", b"<html>maintenance</html>"),
    _raw("200 OK", b'{"events": [', 4000),
    _raw("200 OK", b'{"ok": true}'),
    _raw("400 Bad Request", b'{"type": 7, "errors": "x", "ids": {"a": 1}, "title": null}'),
]


async def check(ingest: Ingest, told: dict[str, Any]) -> None:
    """What a client tells is right, and ingest has stored the events as they were meant."""
    assert told == EXPECTED
    stored = {event.id: event for event in await ingest.stored()}
    assert set(stored) == {"erp#order-1", "erp#order-2", "erp#order-3", "erp#order-6"}
    past = stored["erp#order-2"]
    assert (past.historical, past.time) == (True, datetime(2019, 11, 29, 10, tzinfo=UTC))
    assert stored["erp#order-3"].test
    assert stored["erp#order-1"].data["order_id"] == "1"
