"""What ingest is compared with: the same server, and an application that reads the body and answers 200.

`bare` is on ASGI itself; `route` is a route of the framework that serves the rest of ingest, as a tutorial has it.
"""

import argparse
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", choices=APPS)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    uvicorn.run(
        APPS[options.app],
        port=options.port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
