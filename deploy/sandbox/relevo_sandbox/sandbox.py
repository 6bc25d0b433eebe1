"""The sandbox as one thing: a folder, a mail sink, and an HTTP server with the SMS API and the pages."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from msgspec import Struct
from starlette.applications import Starlette

from relevo_sandbox.box import Box
from relevo_sandbox.echo import Echo
from relevo_sandbox.faults import FaultInjector, Faults
from relevo_sandbox.pages import Pages
from relevo_sandbox.providers.registry import APIS
from relevo_sandbox.providers.smtp.server import serve_mail


class Sandbox(Struct, frozen=True):
    """A running sandbox: where it listens and what it holds."""

    host: str
    smtp_port: int
    http_port: int
    box: Box
    fault_injector: FaultInjector

    @property
    def url(self) -> str:
        """Where its HTTP server answers."""
        return f"http://{self.host}:{self.http_port}"


@asynccontextmanager
async def run_sandbox(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    smtp_port: int = 0,
    http_port: int = 0,
    faults: Faults | None = None,
    token: str = "",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Sandbox]:
    """Run a sandbox in this event loop until the block ends. Port 0 takes a free port."""
    box, fault_injector = Box(folder), FaultInjector(faults or Faults())
    mail = await serve_mail(box, fault_injector, host, smtp_port, tls)
    listening = socket.create_server((host, http_port), backlog=512)
    apis = [api(box, fault_injector, token) for api in APIS]
    parts = (*apis, Pages(box, fault_injector), Echo())
    app = Starlette(routes=[route for part in parts for route in part.routes()])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listening]), name="sandbox-http")
    try:
        ports = mail.sockets[0].getsockname()[1], listening.getsockname()[1]
        yield Sandbox(host, *ports, box, fault_injector)
    finally:
        mail.close()
        server.should_exit = True
        await serving
        box.close()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the sandbox decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def parent_gone(every: float = 0.5) -> None:
    """Return when the process that started this one has ended, in whatever way: it is then adopted by another."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110  # the system sends no event that every platform knows
        await asyncio.sleep(every)
