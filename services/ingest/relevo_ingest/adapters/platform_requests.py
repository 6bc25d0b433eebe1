"""Sends requests to the APIs of shops: at each one's pace, again where that helps, and what fails is a value."""

import asyncio
import email.utils
import logging
import random
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote, urljoin

import httpx
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    Exchange,
    PlatformApi,
)
from relevo_ingest.connectors.platform_url import InvalidAddress, may_follow, request_url
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.rates import Rates
from relevo_runtime.clock import Clock

T = TypeVar("T")
_REPEATABLE = frozenset(("GET", "HEAD", "PUT", "DELETE", "OPTIONS"))
_READING = frozenset(("GET", "HEAD"))
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_HOPS = 3
_KEPT = 500
_KEPT_BYTES = 256 * 1024
_SHORTEST_SECRET = 4
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MASK = "********"


class RequestPolicy(Struct, frozen=True, kw_only=True):
    """How requests are sent. Pauses and limits are wall-clock seconds.

    `rate` and `burst` hold for each connection. If the API asks for a longer pause than `longest_pause`, the failure
    is the caller's, with how long to wait.
    """

    tries: int = 4
    connect_seconds: float = 5.0
    seconds: float = 30.0
    first_pause: float = 0.5
    longest_pause: float = 20.0
    most_bytes: int = 32 * 1024 * 1024
    rate: float = 4.0
    burst: float = 8.0


class _Failed(Struct, frozen=True):
    """A try that failed. `untaken`: the API certainly did nothing, so even what is not repeatable may be repeated."""

    failure: ApiFailure
    untaken: bool = False


class PlatformRequests:
    """Sends the requests of platforms. Credentials are in no log and in no failure's reason."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        policy: RequestPolicy,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`jitter` gives a number in [0, 1): how much of each pause is waited."""
        self._client = client
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._sleep = sleep
        self._monotonic = asyncio.get_running_loop().time
        self._rates = Rates(policy.rate, policy.burst, self._monotonic)
        self._kept: OrderedDict[Hashable, tuple[float, ApiResponse]] = OrderedDict()

    async def converse(self, api: PlatformApi, connection: Connection, exchange: Exchange[T]) -> T | ApiFailure:
        """What came of the exchange, or the failure of the first request of it that has no answer.

        Where an answer can't be read, none of them is kept: it may be a page for people in its place.
        """
        asked: list[ApiRequest] = []
        try:
            request = next(exchange)
            while True:
                asked.append(request)
                answer = await self.send(api, connection, request)
                if isinstance(answer, ApiFailure):
                    exchange.close()
                    return answer
                request = exchange.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        except InvalidPayload as error:
            for request in asked:
                self._kept.pop(_key(connection, request), None)
            return ApiFailure(_shown(f"the answer can't be read: {error}", connection))

    async def send(self, api: PlatformApi, connection: Connection, request: ApiRequest) -> ApiResponse | ApiFailure:
        """The answer, after as many tries as the policy allows; else why there is none."""
        key = _key(connection, request)
        kept = self._kept.get(key) if request.keeps else None
        if kept is not None and self._monotonic() - kept[0] <= request.keeps.total_seconds():
            return kept[1]
        answer = await self._persistently(api, connection, request)
        if isinstance(answer, ApiResponse) and request.keeps and len(answer.body) <= _KEPT_BYTES:
            self._kept[key] = (self._monotonic(), answer)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return answer

    async def _persistently(
        self, api: PlatformApi, connection: Connection, request: ApiRequest
    ) -> ApiResponse | ApiFailure:
        for left in range(self._policy.tries - 1, -1, -1):
            found = await self._once(api, connection, request)
            if isinstance(found, ApiResponse):
                return found
            failure, again = found.failure, found.untaken or request.reads or request.method in _REPEATABLE
            pause = self._pause(self._policy.tries - 1 - left, failure.retry_after)
            if failure.permanent or not again or not left or pause > self._policy.longest_pause:
                break
            await self._sleep(pause)
        return structs.replace(failure, reason=_shown(failure.reason, connection))

    def _pause(self, failed: int, asked: timedelta | None) -> float:
        """Seconds before the next try: as the API asks, or a random part of what doubles with each failure."""
        policy = self._policy
        part = 0.5 + 0.5 * self._jitter()
        if asked is not None:
            return asked.total_seconds() + part * policy.first_pause
        return min(policy.first_pause * 2.0**failed, policy.longest_pause) * part

    async def _once(self, api: PlatformApi, connection: Connection, request: ApiRequest) -> ApiResponse | _Failed:
        while wait := self._rates.wait(request.host or connection.base_url):
            await self._sleep(wait)
        now = self._clock.now()
        try:
            async with asyncio.timeout(self._policy.seconds):
                answer = await self._exchange(connection, api.authorised(request, connection, now))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, KeyError, ValueError) as error:
            return self._unsent(error)
        if isinstance(answer, ApiFailure):
            return _Failed(answer)
        failure = api.failure(answer)
        if failure is None or (failure.permanent and request.optional):
            return answer
        asked = failure.retry_after or retry_after(answer.headers.get("retry-after", ""), now)
        untaken = answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
        return _Failed(structs.replace(failure, retry_after=asked), untaken=untaken)

    def _unsent(self, error: Exception) -> _Failed:
        """What it means that there is no answer."""
        match error:
            case InvalidAddress():
                return _Failed(ApiFailure(str(error), permanent=True))
            case KeyError():
                return _Failed(ApiFailure(f"the credential {error} is missing", permanent=True))
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
                return _Failed(ApiFailure(f"the shop can't be reached: {_described(error)}"), untaken=True)
            case TimeoutError() | httpx.TimeoutException():
                return _Failed(ApiFailure(f"there was no whole answer in {self._policy.seconds:g} s"))
            case httpx.HTTPError() if not isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
                return _Failed(ApiFailure(f"the connection to the shop broke: {_described(error)}"))
        # What it says may quote a header, and with it a credential.
        return _Failed(ApiFailure(f"the request can't be sent: {type(error).__name__}", permanent=True))

    async def _exchange(self, connection: Connection, request: ApiRequest) -> ApiResponse | ApiFailure:
        """One answer; redirects are followed to the same host only. Raises what httpx raises, `InvalidAddress`."""
        url = request_url(request.host or connection.base_url, request)
        if any(_CONTROL.search(text) for header in request.headers.items() for text in header):
            raise ValueError("a header has a control character")
        for _ in range(_MOST_HOPS):
            self._client.cookies.clear()  # two shops of one host share nothing
            built = self._client.build_request(
                request.method, url, headers=dict(request.headers), content=request.body or None
            )
            answer = await self._received(built)
            if isinstance(answer, ApiFailure) or answer.status not in _REDIRECTS:
                return answer
            target = urljoin(url, answer.headers.get("location", ""))
            if request.method not in _READING or not may_follow(url, target):
                shown = target.partition("?")[0][:200]
                return ApiFailure(f"the shop redirects to {shown}: connect it by the address that it has", True)
            url = target
        return ApiFailure(f"the shop redirects more than {_MOST_HOPS} times", permanent=True)

    async def _received(self, request: httpx.Request) -> ApiResponse | ApiFailure:
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._policy.most_bytes:
                    return ApiFailure(f"the answer is larger than {self._policy.most_bytes} bytes", permanent=True)
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return ApiResponse(status=response.status_code, headers=headers, body=bytes(body))


@asynccontextmanager
async def platform_requests(policy: RequestPolicy, *, clock: Clock) -> AsyncIterator[PlatformRequests]:
    """A sender with connections of its own, while the block runs. No proxy of the environment is used."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses, and some hold credentials
    async with httpx.AsyncClient(
        verify=httpx.create_ssl_context(),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(policy.seconds, connect=policy.connect_seconds),
        headers={"User-Agent": "Relevo", "Accept": "application/json"},
    ) as client:
        yield PlatformRequests(client, policy, clock=clock, jitter=random.SystemRandom().random)


def retry_after(header: str, now: datetime) -> timedelta | None:
    """How long a `Retry-After` asks to wait (RFC 9110, 10.2.3): seconds or a date; `None` if it can't be read."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), timedelta(days=1).total_seconds()))
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta(0)), timedelta(days=1))


def _key(connection: Connection, request: ApiRequest) -> Hashable:
    """What makes two requests the same: where they go, by which key, and what they ask."""
    opened_by = frozenset(connection.credentials.items())
    asked = frozenset(request.query.items()), frozenset(request.headers.items())
    return request.host or connection.base_url, opened_by, request.method, request.path, asked


def _described(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()[:200]


def _shown(reason: str, connection: Connection) -> str:
    """The reason without any of the connection's credentials, should the shop have quoted one."""
    for secret in connection.credentials.values():
        for form in {secret, quote(secret, safe="")}:
            if len(form) >= _SHORTEST_SECRET:
                reason = reason.replace(form, _MASK)
    return reason[:500]
