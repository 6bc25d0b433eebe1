"""Any other system that a workflow calls: answers with what it was sent, or with the status that is asked for."""

from collections import deque

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
KEPT = 500
BODILESS = (204, 304)
"""Statuses whose answers have no body."""


class Call(Struct, frozen=True, kw_only=True):
    """One call. `body` is the JSON that was sent, else its text. Headers stay out: they carry secrets."""

    method: str
    path: str
    query: dict[str, str]
    idempotency_key: str
    body: object


class Echo:
    """`/echo/…` takes every call; `/calls` tells of the last ones."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)

    def routes(self) -> list[Route]:
        """Where they are served."""
        return [
            Route("/echo", self.echo, methods=METHODS),
            Route("/echo/{path:path}", self.echo, methods=METHODS),
            Route("/calls", self.calls),
        ]

    async def echo(self, request: Request) -> Response:
        """The call as JSON, with status 200 or the one of `?status=503`; 204 and 304 have no body."""
        query = dict(request.query_params)
        call = Call(
            method=request.method,
            path=request.url.path,
            query=query,
            idempotency_key=request.headers.get("idempotency-key", ""),
            body=_readable(await request.body()),
        )
        self._calls.append(call)
        status = query.get("status", "200")
        if not (status.isascii() and status.isdigit() and 200 <= int(status) <= 599):
            return Response(f"status={status} is not a status from 200 to 599\n", status_code=422)
        if int(status) in BODILESS:
            return Response(status_code=int(status))
        return Response(msgspec.json.encode(call), int(status), media_type="application/json")

    async def calls(self, _request: Request) -> Response:
        """The last calls, the oldest first."""
        return Response(msgspec.json.encode(list(self._calls)), media_type="application/json")


def _readable(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")
