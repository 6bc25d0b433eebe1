"""Another system that workflows call: answers as it is told, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_runtime.http import serve

Reply = Callable[[], Response]


def json(value: Any, status: int = 200, **headers: str) -> Response:
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


class FakeHttpService:
    """Answers by `replies` in turn, the last one for ever; while `gate` is there, only once that is set."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [lambda: json({"ok": True})]
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.gate: asyncio.Event | None = None
        self.port = 0

    async def answer(self, request: Request) -> Response:
        self.asked.append((dict(request.headers), await request.body()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.at_once -= 1
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply()

    def keys(self) -> list[str]:
        """The idempotency key of each request."""
        return [headers["idempotency-key"] for headers, _ in self.asked]


@asynccontextmanager
async def fake_http_service() -> AsyncIterator[FakeHttpService]:
    """The system on a port of this machine, while the block runs."""
    system = FakeHttpService()
    app = Starlette(routes=[Route("/returns", system.answer, methods=["GET", "POST"])])
    async with serve(app, "127.0.0.1", 0, stop_timeout=1) as port:
        system.port = port
        yield system
