"""What ingest is compared with: the same server, and an application that reads the body and answers 200.

`route` is a route of the framework that serves the rest of ingest, as a tutorial has it; `bare` is on ASGI itself. The
server is the one of `relevo_runtime.http`, with ingest's settings, limits and event loop.
"""

import argparse
import asyncio
from typing import Any

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_runtime.http import serve

_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
_BODY = {"type": "http.response.body", "body": b"ok"}


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reads the body to its end; looks at nothing."""
    assert scope["type"] == "http"
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send(_START)
    await send(_BODY)


async def route(request: Request) -> Response:
    """The same, in the framework."""
    await request.body()
    return Response("ok")


APPS: dict[str, Any] = {
    "bare": bare,
    "route": Starlette(routes=[Route("/hooks/{shop}/{platform}", route, methods=["POST"])]),
}


async def served(app: Any, port: int) -> None:
    """Serves until the process is told to stop."""
    async with serve(app, "127.0.0.1", port):
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", choices=APPS)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(served(APPS[options.app], options.port))


if __name__ == "__main__":
    main()
