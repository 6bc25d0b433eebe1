"""Requests that came whole go straight to who takes them; all others, and whatever is not taken, to the application."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from relevo_runtime.http import serve
from relevo_runtime.http_direct import WholeRequest
from relevo_runtime.http_limits import Limits

HOST = "127.0.0.1"


class Taker:
    """Takes what says so in its body, and keeps what is to wait."""

    prefix = b"/hooks/"
    limit = 1000

    def __init__(self) -> None:
        self.waiting: list[WholeRequest] = []

    def take(self, request: WholeRequest) -> bool:
        if request.body == b"wait":
            self.waiting.append(request)
            return True
        if request.body == b"fail":
            raise ValueError("it can't be taken")
        if request.body.startswith(b"take"):
            request.answer(b'{"taken":%d}' % len(request.body))
            return True
        return False


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it received."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    said = f"{scope['method']} {scope['path']} {len(scope['headers'])} {body.decode()}".encode()
    headers = [(b"content-length", str(len(said)).encode())]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture
async def taker() -> Taker:
    return Taker()


@pytest.fixture
async def port(taker: Taker) -> AsyncIterator[int]:
    limits = Limits(connections=60, head_seconds=60.0, request_seconds=60.0)
    async with serve(application, HOST, 0, stop_timeout=5, limits=limits, direct=taker) as port:
        yield port


def request(body: bytes, *headers: bytes, target: bytes = b"/hooks/tea", method: bytes = b"POST") -> bytes:
    fields = b"".join(b"%b\r\n" % one for one in headers)
    return b"%b %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n%b" % (method, target, fields, len(body), body)


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head[9:12]), await asyncio.wait_for(reader.readexactly(int(length[15:])), 60)


async def said(port: int, *pieces: bytes) -> tuple[int, bytes]:
    """The answer to a request that is sent in these pieces."""
    reader, writer = await asyncio.open_connection(HOST, port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.05)
    found = await answer(reader)
    writer.close()
    return found


async def test_what_comes_whole_is_taken(port: int) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    for n in range(3):
        writer.write(request(b"take" + b"x" * n))
        assert await answer(reader) == (200, b'{"taken":%d}' % (4 + n))
    writer.close()


@pytest.mark.parametrize("body", [b"leave it", b"fail"])
async def test_what_is_not_taken_the_application_serves_as_it_came(port: int, body: bytes) -> None:
    assert await said(port, request(body)) == (202, b"POST /hooks/tea 2 " + body)


@pytest.mark.parametrize(
    "other",
    [
        request(b"take", target=b"/events/tea"),
        request(b"take", target=b"/hooks/tea?x=1"),
        request(b"take", target=b"/hooks/te%61"),
        request(b"take", method=b"PUT"),
        request(b"take", b"Connection: close"),
        request(b"take", b"X-A: 1", b"X-a: 2"),
        request(b"take" * 300),
        request(b""),
        request(b"take").replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"POST /hooks/tea HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntake\r\n0\r\n\r\n",
    ],
)
async def test_all_that_is_not_plain_is_the_applications(port: int, other: bytes) -> None:
    status, _ = await said(port, other)
    assert status == 202


async def test_what_asks_whether_to_go_on_is_told_so(port: int) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"POST /hooks/tea HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"take")
    assert (await answer(reader))[0] == 202
    writer.close()


async def test_what_comes_in_pieces_is_the_applications(port: int) -> None:
    whole = request(b"take it")
    assert await said(port, whole[:10], whole[10:]) == (200, b'{"taken":7}')
    assert await said(port, whole[:-3], whole[-3:]) == (202, b"POST /hooks/tea 2 take it")
    assert await said(port, whole[:-7], whole[-7:-2], whole[-2:]) == (202, b"POST /hooks/tea 2 take it")


async def test_requests_behind_one_that_waits_are_answered_in_their_order(port: int, taker: Taker) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request(b"wait") + request(b"take") + request(b"leave it"))
    while not taker.waiting:
        await asyncio.sleep(0.01)
    taker.waiting[0].answer(b"{}")
    assert [await answer(reader) for _ in range(3)] == [
        (200, b"{}"),
        (202, b"POST /hooks/tea 2 take"),
        (202, b"POST /hooks/tea 2 leave it"),
    ]
    writer.write(request(b"take"))
    assert (await answer(reader))[0] == 200
    writer.close()


async def test_an_application_may_answer_what_was_taken(port: int, taker: Taker) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request(b"wait"))
    while not taker.waiting:
        await asyncio.sleep(0.01)
    taker.waiting[0].answer_by(application)
    assert await answer(reader) == (202, b"POST /hooks/tea 2 wait")
    writer.write(request(b"take"))
    assert (await answer(reader))[0] == 200
    writer.close()


async def test_who_has_gone_hears_nothing(port: int, taker: Taker) -> None:
    for _ in range(2):
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(request(b"wait"))
        await writer.drain()
        writer.close()
    while len(taker.waiting) < 2 or not all(one.disconnected for one in taker.waiting):
        await asyncio.sleep(0.01)
    taker.waiting[0].answer(b"{}")
    taker.waiting[1].answer_by(application)
    assert (await said(port, request(b"take")))[0] == 200


async def test_a_server_that_stops_answers_what_was_taken() -> None:
    taker = Taker()
    async with serve(application, HOST, 0, stop_timeout=30, direct=taker) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(request(b"wait"))
        while not taker.waiting:
            await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.3, taker.waiting[0].answer, b"{}")
    assert await answer(reader) == (200, b"{}")
    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()
