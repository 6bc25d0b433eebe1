"""Waits on this machine for the browser to come back from the provider."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_runtime.http import application, serve

PATH = "/log-in"
_PAGE = "Close this page and go back to the terminal: it says whether you are logged in."


@contextlib.asynccontextmanager
async def waiting(port: int) -> AsyncIterator[tuple[str, "asyncio.Future[Mapping[str, str]]"]]:
    """The address to come back to, and what the browser brings, while the block runs."""
    answer: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def come_back(request: Request) -> Response:
        if not answer.done():
            answer.set_result(dict(request.query_params))
        return Response(_PAGE, media_type="text/plain", headers={"Cache-Control": "no-store"})

    async with serve(application([Route(PATH, come_back)]), "127.0.0.1", port, stop_timeout=1) as bound:
        yield f"http://127.0.0.1:{bound}{PATH}", answer
