"""The transport below providers and calls: whatever a server does, it says the same as httpx's own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_notifier.core.requests import basic_auth
from relevo_notifier.http_connection import HttpConnection

TLS = Path(__file__).parent / "tls"
LARGEST = 1000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Reads requests to the end of their head and answers each with the next of `answers`; `None`: it hangs up."""

    def __init__(self, answers: Sequence[bytes | None], *, then_close: bool) -> None:
        self._answers = list(answers)
        self._then_close = then_close
        self.connections = 0
        self.heads: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self._answers:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                answer = self._answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if self._then_close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def server(
    *answers: bytes | None, then_close: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    playing = Server(answers, then_close=then_close)
    listening = await asyncio.start_server(playing.serve, "127.0.0.1", 0, ssl=tls)
    playing.port = listening.sockets[0].getsockname()[1]
    yield playing
    listening.close()


def own() -> HttpConnection:
    return HttpConnection(ssl.create_default_context(), largest=LARGEST)


def of_httpx() -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_connections=1))


Make = Callable[[], httpx.AsyncBaseTransport]


async def ask(transport: httpx.AsyncBaseTransport, to: Server, method: str = "GET") -> tuple[int, bytes]:
    request = httpx.Request(method, f"http://127.0.0.1:{to.port}/a%20b?c=d")
    async with asyncio.timeout(30):
        response = await transport.handle_async_request(request)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        await response.aclose()
    return response.status_code, body


@pytest.mark.parametrize("make", [own, of_httpx])
@pytest.mark.parametrize(
    ("method", "answer", "then_close", "expected"),
    [
        ("POST", OK, False, (200, b"ok")),
        ("GET", CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", False, (200, b"abcde")),
        ("GET", b"HTTP/1.1 200 OK\r\n\r\nto the end", True, (200, b"to the end")),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nto the end", True, (200, b"to the end")),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", False, (204, b"")),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", False, (200, b"")),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\n" + OK, False, (200, b"ok")),
        ("GET", b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n", False, (302, b"")),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", False, (200, b"abc")),
    ],
)  # fmt: skip
async def test_an_answer_is_read_as_httpx_reads_it(
    make: Make, method: str, answer: bytes, then_close: bool, expected: tuple[int, bytes]
) -> None:
    transport = make()
    async with server(answer, then_close=then_close) as playing:
        assert await ask(transport, playing, method) == expected
        await transport.aclose()
    assert playing.heads[0].startswith(f"{method} /a%20b?c=d HTTP/1.1\r\n".encode())
    assert f"host: 127.0.0.1:{playing.port}\r\n".encode() in playing.heads[0].lower()


@pytest.mark.parametrize("make", [own, of_httpx])
@pytest.mark.parametrize(
    ("answer", "then_close"),
    [
        (None, False),
        (b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Le", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", True),
        (CHUNKED + b"5\r\nab", True),
        (b"220 mail.example.com ESMTP\r\n\r\n", True),
        (b"\x16\x03\x01 not HTTP at all \r\n\r\n", True),
    ],
)
async def test_what_is_no_whole_answer_is_an_error_of_httpx(make: Make, answer: bytes | None, then_close: bool) -> None:
    transport = make()
    async with server(answer, then_close=then_close) as playing:
        with pytest.raises(httpx.TransportError):
            await ask(transport, playing)
        await transport.aclose()


async def test_the_connection_is_kept_and_replaced_when_it_is_gone() -> None:
    connection = own()
    async with server(OK, OK, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", OK) as playing:
        assert [await ask(connection, playing) for _ in range(4)] == [(200, b"ok")] * 4
        await connection.aclose()
    assert playing.connections == 2


async def test_what_comes_unasked_belongs_to_no_later_request() -> None:
    connection = own()
    async with server(OK + b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", OK) as playing:
        assert await ask(connection, playing) == (200, b"ok")
        assert await ask(connection, playing) == (200, b"ok")
        await connection.aclose()
    assert playing.connections == 2


async def test_a_body_is_not_read_further_than_it_takes_to_know_that_it_is_too_large() -> None:
    connection = own()
    async with server(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000) as playing:
        status, body = await ask(connection, playing)
    assert status == 200
    assert LARGEST < len(body) < 1_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000,
        CHUNKED + b"1;" + b"x" * 1_000_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000,
    ],
    ids=["header", "extension of a chunk", "interim answers"],
)
async def test_what_never_ends_around_a_body_is_cut_off(answer: bytes) -> None:
    connection = own()
    async with server(answer) as playing:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(connection, playing)


async def test_it_says_whether_a_request_may_have_been_received() -> None:
    connection = own()
    with pytest.raises(httpx.ConnectError):
        await connection.handle_async_request(httpx.Request("POST", "http://127.0.0.1:1/"))
    assert not connection.handed_over
    async with server(OK, None) as playing:
        await ask(connection, playing)
        with pytest.raises(httpx.ReadError):
            await ask(connection, playing)
    assert connection.handed_over


async def test_a_request_that_was_cut_off_closes_its_connection() -> None:
    connection = own()
    async with server(b"", OK) as playing:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.handle_async_request(httpx.Request("GET", f"http://127.0.0.1:{playing.port}/"))
        assert await ask(connection, playing) == (200, b"ok")
        await connection.aclose()
    assert playing.connections == 2


@pytest.mark.parametrize(
    ("trusted", "name", "reached"),
    [(True, "localhost", True), (True, "other.example.com", False), (False, "localhost", False)],
)
async def test_the_certificate_is_checked_against_the_name_and_not_the_address(
    trusted: bool, name: str, reached: bool
) -> None:
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    ours = ssl.create_default_context(cafile=TLS / "certificate.pem" if trusted else None)
    async with server(OK, tls=theirs) as playing:
        connection = HttpConnection(ours, largest=LARGEST, place=("127.0.0.1", playing.port), name=name)
        request = httpx.Request("GET", "https://shop.example.com/")
        if reached:
            assert (await connection.handle_async_request(request)).status_code == 200
        else:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await connection.handle_async_request(request)
        await connection.aclose()


@given(st.binary(max_size=200), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: "]))
def test_any_bytes_are_an_answer_or_an_error_of_httpx(tail: bytes, head: bytes) -> None:
    async def once() -> object:
        connection = own()
        async with server(head + tail, then_close=True) as playing:
            try:
                return await ask(connection, playing)
            except httpx.TransportError as error:
                return error
            finally:
                await connection.aclose()

    assert isinstance(asyncio.run(once()), tuple | httpx.TransportError)


def test_basic_authentication_is_as_rfc_7617_has_it() -> None:
    assert basic_auth("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
