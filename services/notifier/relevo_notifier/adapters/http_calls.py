"""Calls to other systems over httpx: to checked addresses only, with one limit on time and one on size."""

import asyncio
import socket
from collections.abc import Sequence
from datetime import datetime

import httpx

from relevo_notifier.core.network import Allowed, why_blocked
from relevo_notifier.core.replies import LARGEST_BODY, Blocked, ConnectionLost, Reply, Unreachable, read_reply
from relevo_notifier.core.requests import Request, basic_auth
from relevo_notifier.http_connection import HttpConnection, tls_context


class HttpCaller:
    """Each call has a connection of its own: a connection is good for one host name, and calls are few.

    Redirects are not followed and no proxy of the environment is used: the address that was checked is the one that
    is called.
    """

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._context = tls_context(trust_env=False)

    async def ask(self, request: Request, now: datetime) -> Reply:
        """Make the request. What takes longer than its timeout, the looking up of the name included, is cut off."""
        try:
            async with asyncio.timeout(request.timeout):
                addresses = await _resolve(request)
                reason = why_blocked(self._allowed, request.host, request.port, addresses)
                return Blocked(reason) if reason else await self._first(request, addresses, now)
        except socket.gaierror as error:
            return Unreachable(f"the name {request.host} can't be resolved: {error.strerror}")
        except TimeoutError:
            return ConnectionLost(f"{request.place} did not answer within {request.timeout:g} s")

    async def _first(self, request: Request, addresses: Sequence[str], now: datetime) -> Reply:
        """The answer from the first of the addresses that can be reached."""
        reply: Reply = Unreachable(f"{request.host} has no address")
        for address in addresses:
            reply = await self._exchange(request, address, now)
            if not isinstance(reply, Unreachable):
                break
        return reply

    async def _exchange(self, request: Request, address: str, now: datetime) -> Reply:
        # The certificate is checked against the name, not against the address.
        connection = HttpConnection(
            self._context, largest=LARGEST_BODY, place=(address, request.port), name=request.host
        )
        try:
            response = await connection.handle_async_request(_outgoing(request))
            headers = {name.lower(): value for name, value in response.headers.items()}
            return read_reply(response.status_code, headers, await _content(response), now)
        except httpx.ConnectError as error:
            return Unreachable(f"{request.place} can't be reached: {_describe(error)}")
        except httpx.TransportError as error:
            # The texts of protocol errors may quote what was sent.
            return ConnectionLost(f"the connection to {request.place} broke: {type(error).__name__}")
        finally:
            await connection.aclose()


def _outgoing(request: Request) -> httpx.Request:
    url = httpx.URL(request.url)
    headers = [*request.headers, (b"Connection", b"close")]
    if url.userinfo and all(name.lower() != b"authorization" for name, _ in headers):
        headers.append((b"Authorization", basic_auth(url.username, url.password).encode()))
    return httpx.Request(request.method, url, headers=headers, content=request.content)


async def _resolve(request: Request) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(
        request.host, request.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    return list(dict.fromkeys(str(address[4][0]) for address in found))


async def _content(response: httpx.Response) -> bytes | None:
    """The body as it came; `None` as soon as it is larger than is taken."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > LARGEST_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()[:200]
