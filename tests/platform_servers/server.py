"""What every platform's server has: a port, what it was asked, and faults in the order in which they are to happen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from relevo_runtime.http import serve

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Asked(Struct, frozen=True, kw_only=True):
    """A request that came; `failed` if a fault answered it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    failed: bool = False


class Fault(Struct, frozen=True):
    """Something that goes wrong, with a request whose path has `where` in it."""

    answer: Callable[[], Response]
    where: str = ""
    seconds: float = 0.0


def json(value: Any, status: int = 200, **headers: str) -> Response:
    """An answer of JSON; `_` in the names of headers stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(msgspec.json.encode(value), status, named, media_type="application/json")


def too_many(seconds: int = 0, where: str = "") -> Fault:
    """429 with `Retry-After`."""
    return Fault(lambda: json({"message": "slow down"}, 429, retry_after=str(seconds)), where)


def broken(status: int = 500, where: str = "") -> Fault:
    """A server's error, as the page of its web server."""
    return Fault(lambda: Response("<h1>Internal Server Error</h1>", status, media_type="text/html"), where)


def cut(where: str = "") -> Fault:
    """An answer that ends in the middle of a value, as the connection breaks."""

    async def part() -> AsyncIterator[bytes]:
        yield b'[{"id": 1, "na'
        raise ConnectionResetError

    return Fault(lambda: StreamingResponse(part(), 200, {"content-length": "5000"}, "application/json"), where)


def broken_off(where: str = "") -> Fault:
    """An answer of unknown length that ends in the middle of a value, as the connection breaks."""

    async def part() -> AsyncIterator[bytes]:
        yield b'[{"id": 1, "na'
        raise ConnectionResetError

    return Fault(lambda: StreamingResponse(part(), 200, None, "application/json"), where)


def page_of_html(where: str = "") -> Fault:
    """A page for people in a 200: of a firewall, of a shop that is being maintained."""
    return Fault(lambda: Response("<html><h1>Back soon</h1></html>", 200, media_type="text/html"), where)


def slow(seconds: float, where: str = "") -> Fault:
    """No answer for so long."""
    return Fault(lambda: json([]), where, seconds)


def said(value: Any, status: int = 200, where: str = "") -> Fault:
    """An answer that is not the wanted one, such as an error in a 200."""
    return Fault(lambda: json(value, status), where)


class PlatformServer:
    """A platform's API. A subclass answers in `answer`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.url = ""
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens in the shop before each answer."""

    async def answer(self, request: Request, body: bytes) -> Response:
        """What the platform says."""
        raise NotImplementedError

    def successes(self, method: str, where: str = "") -> list[Asked]:
        """What it was asked with this method below a path that has `where` in it, and did."""
        return [one for one in self.asked if one.method == method and where in one.path and not one.failed]

    async def _handle(self, request: Request) -> Response:
        body = await request.body()
        fault = next((one for one in self.faults if one.where in request.url.path), None)
        asked = Asked(
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            headers=dict(request.headers),
            body=body,
            failed=fault is not None,
        )
        self.asked.append(asked)
        if fault is None:
            self.meanwhile()
            return await self.answer(request, body)
        self.faults.remove(fault)
        await asyncio.sleep(fault.seconds)
        return fault.answer()


S = TypeVar("S", bound=PlatformServer)


@asynccontextmanager
async def serving(server: S) -> AsyncIterator[S]:
    """The server on a port of this machine, while the block runs; `url` has its address."""
    app = Starlette(routes=[Route("/{path:path}", server._handle, methods=METHODS)])
    async with serve(app, "127.0.0.1", 0, stop_timeout=1) as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server
