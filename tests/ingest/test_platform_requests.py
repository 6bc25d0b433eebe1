"""What is sent to a shop's API: below its address, at its pace, again where that helps, and never told with its key."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from relevo_ingest.adapters.platform_requests import PlatformRequests, RequestPolicy, platform_requests, retry_after
from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    Exchange,
    failed_status,
)
from relevo_ingest.connectors.platform_url import InvalidAddress, checked_base, may_follow, request_url
from relevo_ingest.core.errors import InvalidPayload
from relevo_runtime.clock import SystemClock

KEY = "TOP-SECRET-KEY"
SHOP = Connection(base_url="https://shop.example/api", credentials={"key": KEY})
ORDERS = ApiRequest(path="/orders", query={"since": "2026-03-01 08:00"})
POLICY = RequestPolicy(tries=3, first_pause=1.0, longest_pause=30.0, most_bytes=1000, rate=0)
Answering = Callable[[httpx.Request], httpx.Response]


class Api:
    """A platform that opens its API by a header, and may say in a 200 that something failed."""

    credentials = {"key": "where the shop shows it"}
    resources = ()

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        assert now.tzinfo is not None
        headers = {**request.headers, "Authorization": f"Bearer {connection.credentials['key']}"}
        return structs.replace(request, headers=headers)

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        if b"error" in response.body and response.status == 200:
            return ApiFailure("the shop says error in a 200")
        return failed_status(response)

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        raise NotImplementedError

    def page(self, resource: str, request: ApiRequest) -> Exchange[None]:
        raise NotImplementedError


class Sender:
    """The sender over answers that a test gives; how long it slept is noted, and no time passes."""

    def __init__(self, answer: Answering, policy: RequestPolicy = POLICY) -> None:
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self._answer = answer
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._asked), trust_env=False)
        self.sender = PlatformRequests(client, policy, clock=SystemClock(), jitter=lambda: 0.5, sleep=self._sleep)

    async def send(self, request: ApiRequest = ORDERS, connection: Connection = SHOP) -> ApiResponse | ApiFailure:
        return await self.sender.send(Api(), connection, request)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    def _asked(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer(request)


def in_turn(*answers: httpx.Response | Exception) -> Answering:
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return answer


async def test_an_answer_comes_with_its_body_and_the_names_of_its_headers_in_lower_case() -> None:
    sender = Sender(in_turn(httpx.Response(200, headers={"X-Total": "2"}, content=b"[1,2]")))
    answer = await sender.send()
    assert isinstance(answer, ApiResponse)
    assert (answer.status, answer.headers["x-total"], answer.body) == (200, "2", b"[1,2]")
    asked = sender.requests[0]
    assert str(asked.url) == "https://shop.example/api/orders?since=2026-03-01+08%3A00"
    assert asked.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "failing",
    [
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(429),
        httpx.Response(408),
        httpx.Response(200, content=b'{"error": "maintenance"}'),
        httpx.ReadError("cut"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("odd"),
    ],
    ids=repr,
)
async def test_what_may_go_away_is_tried_again_with_growing_pauses(failing: httpx.Response | Exception) -> None:
    sender = Sender(in_turn(failing, failing, httpx.Response(200, content=b"[]")))
    assert isinstance(await sender.send(), ApiResponse)
    assert sender.pauses == [0.75, 1.5]


async def test_after_so_many_tries_the_failure_is_the_callers() -> None:
    sender = Sender(lambda _: httpx.Response(502, content=b"bad gateway"))
    assert await sender.send() == ApiFailure("HTTP 502: bad gateway")
    assert len(sender.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
async def test_what_the_sender_has_to_mend_is_not_tried_again(status: int) -> None:
    sender = Sender(in_turn(httpx.Response(status)))
    failure = await sender.send()
    assert isinstance(failure, ApiFailure)
    assert failure.permanent
    assert sender.pauses == []


async def test_a_post_is_repeated_only_if_nothing_was_done() -> None:
    request = ApiRequest(path="/webhooks", method="POST", body=b"{}")
    unsure = Sender(in_turn(httpx.ReadError("cut")))
    assert isinstance(await unsure.send(request), ApiFailure)
    broken = Sender(in_turn(httpx.Response(500)))
    assert isinstance(await broken.send(request), ApiFailure)
    untaken = Sender(in_turn(httpx.ConnectError("refused"), httpx.Response(429), httpx.Response(201)))
    assert isinstance(await untaken.send(request), ApiResponse)


async def test_retry_after_is_waited_for_and_a_long_one_is_the_callers() -> None:
    short = Sender(in_turn(httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200)))
    assert isinstance(await short.send(), ApiResponse)
    assert short.pauses == [7.75]
    long = Sender(in_turn(httpx.Response(429, headers={"Retry-After": "600"})))
    failure = await long.send()
    assert isinstance(failure, ApiFailure)
    assert failure.retry_after == timedelta(minutes=10)
    assert long.pauses == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Sun, 01 Mar 2026 08:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 07:00:00 GMT", 0.0),
        ("9" * 400, 86_400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    found = retry_after(header, datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert (found.total_seconds() if found is not None else None) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_a_pause_or_nothing(header: str) -> None:
    found = retry_after(header, datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert found is None or timedelta(0) <= found <= timedelta(days=1)


async def test_each_connection_has_its_own_pace() -> None:
    sender = Sender(lambda _: httpx.Response(200), structs.replace(POLICY, rate=0.001, burst=2))
    for _ in range(2):
        assert isinstance(await sender.send(), ApiResponse)
    other = structs.replace(SHOP, base_url="https://other.example")
    assert isinstance(await sender.send(connection=other), ApiResponse)
    assert sender.pauses == []
    waiting = asyncio.create_task(sender.send())
    await asyncio.sleep(0)
    waiting.cancel()
    assert sender.pauses
    assert len(sender.requests) == 3


@pytest.mark.parametrize("place", ["https://evil.example/api", "//evil.example/", "http://shop.example/api", "ftp://x"])
async def test_no_credential_follows_a_redirect_to_another_host(place: str) -> None:
    sender = Sender(in_turn(httpx.Response(302, headers={"Location": place})))
    failure = await sender.send()
    assert isinstance(failure, ApiFailure)
    assert failure.permanent
    assert "redirects" in failure.reason
    assert len(sender.requests) == 1


async def test_a_redirect_on_the_same_host_is_followed_but_not_for_ever() -> None:
    once = Sender(in_turn(httpx.Response(301, headers={"Location": "/api/orders/"}), httpx.Response(200)))
    assert isinstance(await once.send(), ApiResponse)
    assert str(once.requests[1].url) == "https://shop.example/api/orders/"
    ever = Sender(lambda _: httpx.Response(302, headers={"Location": "/api/orders"}))
    assert isinstance(await ever.send(), ApiFailure)
    assert len(ever.requests) == 3


async def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    sender = Sender(lambda _: httpx.Response(200, content=b"x" * 1001))
    failure = await sender.send()
    assert isinstance(failure, ApiFailure)
    assert failure.permanent


async def test_what_hardly_changes_is_asked_for_once() -> None:
    sender = Sender(lambda _: httpx.Response(200, content=b"[]"))
    languages = ApiRequest(path="/languages", keeps=timedelta(hours=1))
    assert await sender.send(languages) == await sender.send(languages)
    assert len(sender.requests) == 1
    other_key = structs.replace(SHOP, credentials={"key": "another"})
    await sender.send(languages, other_key)
    assert len(sender.requests) == 2


async def test_no_key_is_told_even_if_the_shop_quotes_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    quoting = Sender(in_turn(httpx.Response(401, content=f"the key {KEY} is wrong".encode())))
    failure = await quoting.send()
    bad_header = structs.replace(SHOP, credentials={"key": f"{KEY}\r\nX-Other: 1"})
    unsendable = await Sender(lambda _: httpx.Response(200)).send(connection=bad_header)
    missing = await Sender(lambda _: httpx.Response(200)).send(connection=structs.replace(SHOP, credentials={}))
    assert missing == ApiFailure("the credential 'key' is missing", permanent=True)
    assert isinstance(unsendable, ApiFailure)
    assert KEY not in f"{failure} {unsendable} {SHOP!r} {caplog.text}"


async def test_cookies_of_one_shop_are_not_sent_to_another() -> None:
    sender = Sender(lambda _: httpx.Response(200, headers={"Set-Cookie": "session=1"}))
    await sender.send()
    await sender.send()
    assert "cookie" not in sender.requests[1].headers


def two_pages() -> Exchange[bytes]:
    first = yield ApiRequest(path="/a")
    second = yield ApiRequest(path="/b", query={"of": first.body.decode()})
    if second.body == b"odd":
        raise InvalidPayload("b", "is odd")
    return first.body + second.body


async def test_an_exchange_gets_its_answers_one_after_the_other() -> None:
    async def converse(*answers: httpx.Response) -> bytes | ApiFailure:
        sender = Sender(in_turn(*answers)).sender
        return await sender.converse(Api(), SHOP, two_pages())

    assert await converse(httpx.Response(200, content=b"1"), httpx.Response(200, content=b"2")) == b"12"
    assert isinstance(await converse(httpx.Response(404)), ApiFailure)
    assert await converse(httpx.Response(200), httpx.Response(200, content=b"odd")) == ApiFailure(
        "the answer can't be read: b: is odd"
    )


# --- addresses ---------------------------------------------------------------------------------------------------

BAD_BASES = [
    "", "shop.example", "ftp://shop.example", "https://", "https://user:pw@shop.example", "https://shop.example?a=1",
    "https://shop.example/#x", "https://shop.example/a/../b", "https://shop.example/a b", "https://shop.example:0",
    "https://shop.example:99999", "https://[::1", "https://shop.example/%2e%2e/x", "https://shop.example\\@evil.example",
]  # fmt: skip


@pytest.mark.parametrize("base", BAD_BASES)
def test_a_base_that_is_not_a_plain_address_is_refused(base: str) -> None:
    with pytest.raises(InvalidAddress):
        checked_base(base)


@pytest.mark.parametrize(
    "path",
    ["orders", "//evil.example/", "/../admin", "/a/%2E%2e/b", "/a\\b", "/a?b=1", "/a#b", "/a\nX: 1", "/a b"],
)
def test_a_path_that_leaves_the_base_is_refused(path: str) -> None:
    with pytest.raises(InvalidAddress):
        request_url("https://shop.example/api", ApiRequest(path=path))


@given(
    path=st.text(max_size=30).map(lambda text: f"/{text}"),
    query=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
)
def test_whatever_is_asked_stays_below_the_base(path: str, query: dict[str, str]) -> None:
    try:
        found = urlsplit(request_url("https://shop.example:8443/api/", ApiRequest(path=path, query=query)))
    except InvalidAddress:
        return
    assert (found.scheme, found.netloc) == ("https", "shop.example:8443")
    assert found.path == "/api" or found.path.startswith("/api/")
    assert ".." not in found.path.split("/")
    assert httpx.URL(found.geturl()).host == "shop.example"


@pytest.mark.parametrize(
    ("old", "new", "follows"),
    [
        ("https://a.example/x", "https://a.example/y", True),
        ("http://a.example/x", "https://a.example/x", True),
        ("https://a.example/x", "https://a.example:443/x", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://a.example:444/x", False),
        ("http://a.example:8080/x", "https://a.example/x", False),
        ("https://a.example/x", "https://b.a.example/x", False),
        ("https://a.example/x", "https://u@a.example/x", False),
        ("https://a.example/x", "https://a.example:bad/x", False),
        ("https://a.example/x", "javascript:1", False),
    ],
)
def test_where_a_redirect_may_lead(old: str, new: str, follows: bool) -> None:
    assert may_follow(old, new) is follows


# --- real connections --------------------------------------------------------------------------------------------

Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(answer: Raw) -> AsyncIterator[Connection]:
    """A server of bare bytes; each connection is closed when `answer` ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield Connection(base_url=f"http://127.0.0.1:{port}", credentials={"key": KEY})


async def asked(connection: Connection, policy: RequestPolicy) -> ApiResponse | ApiFailure:
    async with platform_requests(policy, clock=SystemClock()) as sender:
        return await sender.send(Api(), connection, ORDERS)


QUICK = RequestPolicy(tries=2, first_pause=0.001, seconds=0.3, rate=0, most_bytes=100_000)


async def test_a_connection_that_is_cut_in_the_body_is_a_failure() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert reader
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[1, 2")
        await writer.drain()

    async with raw_server(cut) as shop:
        failure = await asked(shop, QUICK)
    assert isinstance(failure, ApiFailure)
    assert "broke" in failure.reason
    assert not failure.permanent


async def test_an_answer_that_drips_is_given_up_as_a_whole() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert reader
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw_server(drip) as shop:
        failure = await asked(shop, QUICK)
    assert failure == ApiFailure("there was no whole answer in 0.3 s")


async def test_what_is_not_http_or_not_there_is_a_failure() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert reader
        writer.write(b"\x00\x01 not http\r\n\r\n")

    async with raw_server(garbage) as shop:
        assert isinstance(await asked(shop, QUICK), ApiFailure)
    gone = await asked(shop, QUICK)
    assert isinstance(gone, ApiFailure)
    assert "can't be reached" in gone.reason
