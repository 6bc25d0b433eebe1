"""A transport for httpx that costs a fifth: one HTTP/1.1 connection, parsed by httptools.

httpx's own transport and client take ten times the CPU that a request needs (docs/decisions/0023 has the figures). What
they do beyond one exchange (pools, redirects, cookies, proxies, decompression) is not wanted here: a request goes to
one place, and its answer is taken as it is.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import TypeAlias

import httptools
import httpx

Answer: TypeAlias = tuple[int, list[tuple[bytes, bytes]], list[bytes]]
"""The status, the headers as they came, and the body in the pieces in which it came."""

_LARGEST_HEAD = 64 * 1024
_FRAMED = (b"content-length", b"transfer-encoding")


def tls_context(*, trust_env: bool = True) -> ssl.SSLContext:
    """What certificates are checked by: httpx's choice of authorities, for HTTP/1.1."""
    context = httpx.create_ssl_context(trust_env=trust_env)
    context.set_alpn_protocols(["http/1.1"])
    return context


class HttpConnection(httpx.AsyncBaseTransport):
    """One connection, made when a request needs it and kept for the next; one request at a time.

    `place` is the address and the port to connect to instead of those of the URL; the certificate is checked against
    `name`, or else the URL's host. Of an answer's body no more is taken than tells that it is larger than `largest`
    bytes.

    There are no time-outs: bound a request with `asyncio.timeout`. `handed_over` says whether the last one may have
    been received. Raises `httpx.ConnectError` if it certainly was not, and other `httpx.TransportError` if it may.
    """

    def __init__(
        self, context: ssl.SSLContext, *, largest: int, place: tuple[str, int] | None = None, name: str = ""
    ) -> None:
        self.handed_over = False
        self._context = context
        self._largest = largest
        self._place = place
        self._name = name
        self._wire: _Wire | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer to `request`, whose content is plain bytes."""
        sent = on_the_wire(request, request.content)
        status, headers, body = await self.exchange(request.url, sent, head=request.method == "HEAD")
        return httpx.Response(status, headers=headers, stream=_Body(body), request=request)

    async def exchange(self, url: httpx.URL, request: bytes, *, head: bool = False) -> "Answer":
        """The answer to a `request` for `url` that is written out, as `on_the_wire` does it: httpx sees none of it."""
        self.handed_over = False
        wire = await self._connected(url)
        try:
            self.handed_over = True
            return await wire.exchange(request, head=head)
        except BaseException:
            wire.close()  # nobody knows what would come over it next
            raise

    async def aclose(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()

    async def _connected(self, url: httpx.URL) -> "_Wire":
        if self._wire is not None and self._wire.usable:
            return self._wire
        tls = url.scheme == "https"
        address, port = self._place or (url.host, url.port or (443 if tls else 80))
        try:
            _, self._wire = await asyncio.get_running_loop().create_connection(
                lambda: _Wire(self._largest),
                address,
                port,
                ssl=self._context if tls else None,
                server_hostname=(self._name or url.host) if tls else None,
            )
        except OSError as error:  # an SSLError is one
            raise httpx.ConnectError(f"{type(error).__name__} {error}".strip()) from error
        return self._wire


class _Wire(asyncio.Protocol):
    """The bytes of one connection. It is `usable` as long as another exchange may follow."""

    def __init__(self, largest: int) -> None:
        self.usable = False
        self._largest = largest
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None

    async def exchange(self, request: bytes, *, head: bool) -> Answer:
        """Write the request; returns status, headers and body of what comes back."""
        self._parser = httptools.HttpResponseParser(self)
        self._head, self._framed, self._headers_end = head, False, False
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._received = self._size = 0
        self._answer = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection at once."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.usable = True
        self._transport = transport  # type: ignore[assignment]  # of a stream connection it is one that can be written to

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(f"the answer is not HTTP/1.1: {type(error).__name__}"))
        # What is neither head nor body (chunk sizes, trailers) is bounded too.
        if self._received > _LARGEST_HEAD + (8 * self._largest if self._headers_end else 0):
            self._fail(httpx.RemoteProtocolError("the answer has too much around its body"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if exc is None and self._headers_end and not self._framed:
            self._complete()  # the end of the connection is the end of such a body (RFC 9112 section 6.3)
        else:
            self._fail(httpx.ReadError(f"the connection was closed: {type(exc).__name__ if exc else 'no answer'}"))

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._answer is not None and self._answer.done():
            self.close()  # an answer that nobody asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))
        self._framed = self._framed or name.lower() in _FRAMED

    def on_headers_complete(self) -> None:
        self._headers_end = True
        if self._head:
            self.close()  # the parser can't know that no body follows
            self._complete()

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        self._body.append(body)
        if self._size > self._largest:
            self.close()
            self._complete()

    def on_message_complete(self) -> None:
        if 100 <= self._parser.get_status_code() < 200:  # an interim answer: the real one follows
            self._headers, self._framed, self._headers_end = [], False, False
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._complete()

    def _complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), self._headers, self._body))

    def _fail(self, error: httpx.TransportError) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


class _Body(httpx.AsyncByteStream):
    """A body that is there already, as it came."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def on_the_wire(request: httpx.Request, content: bytes) -> bytes:
    """A request as HTTP/1.1 writes it, with its headers as they are and this content."""
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    return b"\r\n".join([*lines, b"", content])
