"""HTTP servers inside a service: the admin endpoints, and the shell in which ingest serves its own application."""

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from msgspec import Struct, json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from relevo_runtime.errors import RuntimeFault
from relevo_runtime.health import Health
from relevo_runtime.http_direct import Direct, DirectProtocol
from relevo_runtime.http_limits import Limits, bounded_protocol, most_connections
from relevo_runtime.metrics import Metrics
from relevo_runtime.problems import Problem, answer, answer_bug, answer_http, invalid_parameter, too_large

_TICK_SECONDS = 1.0


class PortInUse(RuntimeFault):
    """Nothing can listen there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"cannot listen on {host}:{port}: it is in use, or not an address of this machine")


class Certificate(Struct, frozen=True):
    """What a server proves itself by, in files (PEM): its certificate with the chain, and the private key."""

    chain: Path
    key: Path

    def check(self) -> None:
        """Raises `BadCertificate` if a server could not start with it."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.chain, self.key)
        except (OSError, ssl.SSLError) as error:
            raise BadCertificate(self, error) from error


class BadCertificate(RuntimeFault):
    """The files can't be read, or are not a certificate and its key."""

    def __init__(self, certificate: Certificate, cause: OSError) -> None:
        why = cause.strerror or str(cause)
        super().__init__(f"the certificate {certificate.chain} with the key {certificate.key} can't be used: {why}")


class _Server(uvicorn.Server):
    """Leaves the signals to `run_service`, which stops the parts of a service in their order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """uvicorn looks ten times a second whether it shall end, and renews the date each tenth time."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self.ending.wait()

    @functools.cached_property
    def ending(self) -> asyncio.Event:
        """Set when it shall end."""
        return asyncio.Event()

    def end(self) -> None:
        """Begins to stop."""
        self.should_exit = True
        self.ending.set()


@contextlib.asynccontextmanager
async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    stop_timeout: float = 5.0,
    limits: Limits | None = None,
    direct: Direct | None = None,
    certificate: Certificate | None = None,
) -> AsyncIterator[int]:
    """Serve `app` while the block runs; gives the port (for 0, the one that was free). Raises `PortInUse`.

    With a `certificate` it speaks TLS alone, 1.2 or later; raises `BadCertificate`.

    At the end requests in flight get `stop_timeout` seconds. What `direct` takes does not reach `app`.
    """
    if certificate is not None:
        certificate.check()
    limits = limits or Limits(most_connections())
    protocol = bounded_protocol(limits, DirectProtocol, direct=direct) if direct else bounded_protocol(limits)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # nobody asks who the client was
        http=protocol,
        backlog=min(2048, limits.connections),
        timeout_graceful_shutdown=int(stop_timeout) or 1,
        ssl_certfile=certificate.chain if certificate is not None else None,
        ssl_keyfile=certificate.key if certificate is not None else None,
    )
    server = _Server(config)
    task = asyncio.create_task(_run(server))
    while not server.started:
        if task.done():
            raise PortInUse(host, port) from task.exception()
        await asyncio.sleep(0.005)
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.end()
        await task


async def _run(server: uvicorn.Server) -> None:
    try:
        await server.serve()
    except SystemExit as error:  # how uvicorn says that it can't listen
        raise OSError("the server could not start") from error


def application(routes: Sequence[BaseRoute]) -> Starlette:
    """An application whose errors are problem documents; a path has one spelling, so that nothing is redirected."""
    handlers: dict[Any, Any] = {Problem: answer, HTTPException: answer_http, Exception: answer_bug}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app


async def received_body(request: Request, limit: int) -> bytes:
    """The body of a request, read as it arrives. Raises `Problem` 413 as soon as it has more than `limit` bytes."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > limit:
            raise too_large(limit)
    return bytes(received)


def flag(query: Mapping[str, str], name: str, *, default: bool) -> bool:
    """The query parameter `name`, if it is there. Raises `Problem` (422) for what is neither true nor false."""
    given = query.get(name)
    if given is None:
        return default
    if given.lower() not in _FLAGS:
        raise invalid_parameter(name, f"?{name}={given[:60]}: must be true or false")
    return _FLAGS[given.lower()]


_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def liveness() -> Route:
    """/healthz: the process answers. The one admin endpoint that may be reached from outside."""

    async def healthz(_: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    return Route("/healthz", healthz)


def admin_app(health: Health, metrics: Metrics) -> Starlette:
    """/healthz: the process answers. /readyz: all parts work, else 503, with each one's state. /metrics: Prometheus."""

    async def readyz(_: Request) -> Response:
        report = await health.report()
        return Response(json.encode(report), 200 if report.ready else 503, media_type="application/json")

    async def show_metrics(_: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(routes=[liveness(), Route("/readyz", readyz), Route("/metrics", show_metrics)])
