# ruff: noqa: D102 - what the parser and the event loop call is documented by uvicorn
"""Limits on the connections of an HTTP server, which uvicorn lacks: how many, and how long each may keep it waiting."""

import asyncio
import resource
from typing import Any

from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from relevo_runtime.deadlines import Deadlines

_FEWEST_CONNECTIONS = 64
_SHARE_OF_DESCRIPTORS = 0.5
_UNLIMITED = 65_536


class Limits(Struct, frozen=True):
    """What clients may take: `connections` at once, and seconds to send the head of a request, and all of it."""

    connections: int
    head_seconds: float = 10.0
    request_seconds: float = 60.0


def most_connections() -> int:
    """How many connections one server of this process may hold open: descriptors are left for all else."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    known = _UNLIMITED if limit == resource.RLIM_INFINITY else limit
    return max(_FEWEST_CONNECTIONS, int(known * _SHARE_OF_DESCRIPTORS))


def bounded_protocol(limits: Limits, base: "type[Bounded] | None" = None, **more: Any) -> type[asyncio.Protocol]:
    """uvicorn's protocol under `limits`, for one server: as `base` has it, which may need `more`."""
    own = {
        "limits": limits,
        "held": set(),
        "silent": Deadlines(limits.head_seconds, Bounded.give_up),
        "sending": Deadlines(limits.request_seconds, Bounded.give_up),
        **more,
    }
    return type("BoundedHere", (base or Bounded,), own)


class Bounded(HttpToolsProtocol):
    """A connection that says nothing, or trickles, is closed.

    One that comes when there are too many takes the place of the one that has been silent the longest, or else of the
    one that has been sending its body the longest; if all requests are whole and at work, it is closed at once.
    """

    limits: Limits
    held: "set[Bounded]"
    silent: "Deadlines[Bounded]"  # those that wait for the head of a request
    sending: "Deadlines[Bounded]"  # those whose head is there, and whose body is not

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.held) >= self.limits.connections:
            oldest = self.silent.oldest or self.sending.oldest
            if oldest is None:
                transport.abort()
                return
            oldest.give_up()
        self.held.add(self)
        self.silent.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self.silent.remove(self)
        self.sending.add(self)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.sending.remove(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        watched = self in self.silent or self in self.sending
        if self in self.held and not watched and self.cycle.response_complete:
            self.silent.add(self)

    def give_up(self) -> None:
        """Close it at once: whoever is there has sent nothing whole."""
        self._forget()
        self.transport.abort()

    def _forget(self) -> None:
        self.silent.remove(self)
        self.sending.remove(self)
        self.held.discard(self)
