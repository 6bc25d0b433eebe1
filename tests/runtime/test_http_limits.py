"""Clients that say nothing, or say it slowly, keep nobody from being served."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from relevo_runtime.health import Health
from relevo_runtime.http import admin_app, serve
from relevo_runtime.http_limits import Limits
from relevo_runtime.metrics import Metrics

HOST = "127.0.0.1"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    limits = Limits(connections=60, head_seconds=1.0, request_seconds=1.0)
    async with serve(admin_app(Health(), Metrics("test")), HOST, 0, stop_timeout=1, limits=limits) as port:
        yield port


async def healthy(port: int) -> bool:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 120)
    writer.close()
    return answer.startswith(b"HTTP/1.1 200")


async def closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 120) == b""
    except ConnectionError:
        return True


async def test_many_connections_that_say_nothing_do_not_keep_anybody_out(port: int) -> None:
    idle = [await asyncio.open_connection(HOST, port) for _ in range(400)]
    assert await healthy(port)
    assert all(await asyncio.gather(*(closed(reader) for reader, _ in idle)))
    for _, writer in idle:
        writer.close()


async def test_a_head_that_trickles_is_cut_off(port: int) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    cut = asyncio.create_task(closed(reader))
    writer.write(b"GET /healthz HTTP/1.1\r\n")
    while not cut.done():
        writer.write(b"X")
        await asyncio.sleep(0.05)
    assert await cut
    assert await healthy(port)


async def test_a_body_that_never_comes_is_cut_off(port: int) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12")
    await asyncio.wait_for(reader.read(), 120)
    assert reader.at_eof()
    writer.close()


async def test_a_connection_serves_one_request_after_the_other(port: int) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    for _ in range(3):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"ok\n"), 120)
        assert head.startswith(b"HTTP/1.1 200")
    writer.close()


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads a request wholly before it answers, as ingest does."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok\n"})


async def test_bodies_that_trickle_give_way_to_whole_requests() -> None:
    limits = Limits(connections=60, head_seconds=600.0, request_seconds=600.0)
    async with serve(reading, HOST, 0, stop_timeout=1, limits=limits) as port:
        slow = [await asyncio.open_connection(HOST, port) for _ in range(60)]
        for _, writer in slow:
            writer.write(b"POST /hooks HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12")
            await writer.drain()
        await asyncio.sleep(0.2)
        for _ in range(5):
            assert await healthy(port)
        for _, writer in slow:
            writer.close()


SERVER = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
from relevo_runtime.http import serve
from relevo_runtime.http_limits import Limits, most_connections
from tests.runtime.test_http_limits import HOST, reading

async def main():
    limits = Limits(connections=most_connections(), head_seconds=600.0, request_seconds=600.0)
    async with serve(reading, HOST, 0, stop_timeout=1, limits=limits) as port:
        print(port, flush=True)
        await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, sys.stdin.read), 120)

asyncio.run(main())
"""


async def test_thousands_of_idle_connections_leave_a_server_with_few_descriptors_answering() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        port = int(await asyncio.wait_for(child.stdout.readline(), 120))
        for _ in range(4):
            idle = [await asyncio.open_connection(HOST, port) for _ in range(300)]
            assert await healthy(port)
            for _, writer in idle:
                writer.close()
    finally:
        child.stdin.close()
        await asyncio.wait_for(child.wait(), 120)
