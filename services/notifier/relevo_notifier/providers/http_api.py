"""What the providers over HTTP have in common: connections, and what it means when one fails."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Struct

from relevo_notifier.core.provider_results import TryLater, Unknown
from relevo_notifier.core.replies import LARGEST_BODY, retry_after
from relevo_notifier.http_connection import HttpConnection, on_the_wire, tls_context

_LONGEST_REASON = 300


class ApiReply(Struct, frozen=True):
    """What an API answered. `body` is its JSON object, empty if there is none; `wait` its `Retry-After` in seconds."""

    status: int
    body: Mapping[str, Any]
    wait: float
    headers: Mapping[str, str]


class HttpApi:
    """So many connections to one API, each with one request at a time. Redirects are not followed, no proxy of the
    environment is used.
    """

    def __init__(self, name: str, url: str, *, connections: int, timeout: float, headers: Mapping[str, str]) -> None:
        """`name` is for people; `headers` are those of every request; `connections` become `slots`."""
        self.name = name
        self.slots = connections
        self._timeout = timeout
        self._url = url.rstrip("/")
        self._headers = {**headers, "Accept-Encoding": "identity", "User-Agent": "Relevo"}
        self._head = lru_cache(maxsize=100)(self._written)  # few addresses, asked again and again
        context = tls_context()
        self._connections = [HttpConnection(context, largest=LARGEST_BODY) for _ in range(connections)]
        self._idle: asyncio.LifoQueue[HttpConnection] = asyncio.LifoQueue()
        for connection in self._connections:
            self._idle.put_nowait(connection)

    async def post(
        self, path: str, content: bytes, content_type: str, headers: Mapping[str, str] = {}
    ) -> ApiReply | TryLater | Unknown:
        """Hand something over. `TryLater`: it was certainly not taken; `Unknown`: it may have been.

        `headers` are beside those of every request, and none of them.
        """
        url, head = self._head(path, content_type)
        own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("ascii")
        request = b"%s%sContent-Length: %d\r\n\r\n%s" % (head, own, len(content), content)
        connection = await self._idle.get()
        try:
            return await self._exchange(connection, url, request)
        except (httpx.TransportError, TimeoutError) as error:
            cause = _describe(error)
            if connection.handed_over:
                return Unknown(f"the connection to {self.name} broke: {cause}"[:_LONGEST_REASON])
            return TryLater(f"{self.name} can't be reached: {cause}"[:_LONGEST_REASON], concern="provider")
        finally:
            self._idle.put_nowait(connection)

    async def get(self, path: str, params: Mapping[str, str]) -> ApiReply:
        """Ask for something. Raises `OSError` if there is no answer, or one that is not 2xx."""
        request = httpx.Request("GET", f"{self._url}{path}?{urlencode(params)}", headers=self._headers)
        connection = await self._idle.get()
        try:
            reply = await self._exchange(connection, request.url, on_the_wire(request, b""))
        except (httpx.TransportError, TimeoutError) as error:
            raise OSError(f"{self.name} can't be asked: {_describe(error)}"[:_LONGEST_REASON]) from error
        finally:
            self._idle.put_nowait(connection)
        if not 200 <= reply.status < 300:
            raise OSError(f"{self.name} can't be asked: it answered {reply.status}")
        return reply

    async def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            await connection.aclose()

    def _written(self, path: str, content_type: str) -> tuple[httpx.URL, bytes]:
        """The address of what is posted to `path`, and how such a request begins."""
        request = httpx.Request("POST", self._url + path, headers={**self._headers, "Content-Type": content_type})
        del request.headers["Content-Length"]  # each has its own
        return request.url, on_the_wire(request, b"").removesuffix(b"\r\n")

    async def _exchange(self, connection: HttpConnection, url: httpx.URL, request: bytes) -> ApiReply:
        async with asyncio.timeout(self._timeout):
            status, raw, body = await connection.exchange(url, request)
        headers = _headers(raw)
        return ApiReply(status, _object(b"".join(body)), retry_after(headers), headers)


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of an answer by their names in small letters; what comes several times is one list (RFC 9110)."""
    found: dict[str, str] = {}
    for written, value in raw:
        name, said = _text(written).lower(), _text(value)
        found[name] = f"{found[name]}, {said}" if name in found else said
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        body = msgspec.json.decode(content)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return {}
    return body if isinstance(body, dict) else {}


def _describe(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
