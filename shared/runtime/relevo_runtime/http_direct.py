# ruff: noqa: D102 - what the parser and the event loop call is documented by uvicorn
"""Requests that came whole go straight to who takes them, in the connection's own callback: without a task and ASGI.

A server takes most of its time for what surrounds a request, not for the request. A POST that arrived with all of its
body, as nearly all do, needs none of that. uvicorn stays the server: it reads, keeps connections alive and stops as
ever, and whatever is not taken here is the application's, as if it had just come.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any, Protocol

from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from relevo_runtime.http_limits import Bounded

_log = logging.getLogger(__name__)
_PLAIN = re.compile(rb"[\w/.~-]+", re.ASCII)
_OTHERWISE = frozenset((b"expect", b"transfer-encoding", b"upgrade"))
_MOST_DIGITS = 9
_OK = b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\ncontent-type: application/json\r\n\r\n%b"


class Direct(Protocol):
    """Takes whole requests. `prefix` is how their targets begin, `limit` how many bytes their bodies may have."""

    prefix: bytes

    @property
    def limit(self) -> int: ...

    def take(self, request: "WholeRequest") -> bool:
        """Whether it takes the request: then it answers it, now or later. If not, the application serves it."""
        ...


class _Unheard:
    """Nobody waits for anything of a request that came whole."""

    def set(self) -> None:
        """Where uvicorn wakes whoever waits."""


class WholeRequest:
    """A POST with all of its body. It stands where uvicorn has what it knows of a request that is being answered."""

    __slots__ = ("_protocol", "body", "disconnected", "headers", "keep_alive", "missing", "response_complete", "target")

    message_event = _Unheard()

    def __init__(self, protocol: "DirectProtocol", target: bytes, headers: Mapping[bytes, bytes], size: int) -> None:
        self._protocol = protocol
        self.target = target
        self.headers = headers
        self.body = b""
        self.missing = size
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False

    def answer(self, body: bytes) -> None:
        """Answers with the status 200 and JSON. Whoever has gone hears nothing."""
        self._protocol.answer(self, body)

    def answer_by(self, app: ASGIApp) -> None:
        """Lets an application answer, which receives the request as it came. Whoever has gone hears nothing."""
        self._protocol.pass_on(self, app)


class DirectProtocol(Bounded):
    """uvicorn's protocol, but for whole requests that `direct` takes; it serves all others as ever."""

    direct: Direct

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        request = self._may_come_whole()
        if request is not None:
            self.cycle = request  # type: ignore[assignment]  # a cycle of our own
            return
        target, headers = self.url, self.headers
        super().on_message_begin()
        self.url = target
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        request: object = self.cycle
        if type(request) is WholeRequest and request.missing:
            request.body = request.body + body if request.body else body
            request.missing -= len(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        request: object = self.cycle
        if type(request) is not WholeRequest:
            super().on_message_complete()
            return
        self.silent.remove(self)
        try:
            taken = self.direct.take(request)
        except Exception:  # noqa: BLE001 - the application meets the same error, and answers it
            _log.exception("a request could not be taken")
            taken = False
        if not taken:
            self.pass_on(request, self.app)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        request: object = self.cycle
        if type(request) is WholeRequest and request.missing:
            self.silent.remove(self)
            self.sending.add(self)
            self.pass_on(request, self.app)  # it comes in pieces: the application has limits for that

    def answer(self, request: WholeRequest, body: bytes) -> None:
        """Answers a request that was taken."""
        request.response_complete = True
        if request.disconnected or self.transport.is_closing():
            return
        fields = b"".join(b"%b: %b\r\n" % field for field in self.server_state.default_headers)
        closing = b"" if request.keep_alive else b"connection: close\r\n"
        self.transport.write(_OK % (fields + closing, len(body), body))
        if not request.keep_alive:  # the server is stopping
            self.transport.close()
        elif self.pipeline:
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1
            self.silent.add(self)

    def pass_on(self, request: WholeRequest, app: ASGIApp) -> None:
        """Lets `app` serve a request, as far as it is there."""
        taken: object = request
        request.response_complete = True
        if request.disconnected or self.transport.is_closing():
            return
        cycle = RequestResponseCycle(
            scope=self._scope_of(request),  # type: ignore[arg-type]  # a plain dictionary
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=request.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.body += request.body
        cycle.more_body = request.missing > 0
        cycle.message_event.set()
        if self.cycle is taken:  # or else a pipelined one came behind it
            self.cycle = cycle
        self._start_asgi_task(cycle, app)  # type: ignore[arg-type]  # starlette's name of the same

    def _may_come_whole(self) -> WholeRequest | None:
        """The request whose head is there, if it is one of those that are asked for."""
        target, busy = self.url, self.cycle is not None and not self.cycle.response_complete
        if busy or not target.startswith(self.direct.prefix) or not _PLAIN.fullmatch(target):
            return None
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"")
        if len(headers) != len(self.headers) or not _OTHERWISE.isdisjoint(headers):
            return None
        if not length.isdigit() or len(length) > _MOST_DIGITS or not 0 < int(length) <= self.direct.limit:
            return None
        parser = self.parser
        usual = parser.get_method() == b"POST" and parser.should_keep_alive() and parser.get_http_version() == "1.1"
        return WholeRequest(self, target, headers, int(length)) if usual else None

    def _scope_of(self, request: WholeRequest) -> dict[str, Any]:
        """As uvicorn makes it."""
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "headers": list(request.headers.items()),
            "state": self.app_state.copy(),
            "method": "POST",
            "path": self.root_path + request.target.decode(),
            "raw_path": self.root_path.encode() + request.target,
            "query_string": b"",
        }
