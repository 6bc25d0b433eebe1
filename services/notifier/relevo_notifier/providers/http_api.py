"""What the providers over HTTP have in common: connections, and what it means when one fails."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from msgspec import Struct

from relevo_notifier.core.provider_results import TryLater, Unknown
from relevo_notifier.core.replies import retry_after

_LONGEST_REASON = 300


class ApiReply(Struct, frozen=True):
    """What an API answered. `said` is its JSON object, empty if there is none; `wait` its `Retry-After` in seconds."""

    status: int
    said: Mapping[str, Any]
    wait: float
    headers: Mapping[str, str]


class HttpApi:
    """One client a connection: httpx's pool looks through all its requests under one lock, which costs more CPU than
    the request itself once there are more than a few. Redirects are not followed, no proxy of the environment is used.
    """

    def __init__(self, name: str, url: str, *, connections: int, timeout: float, **client: Any) -> None:
        """`name` is for people; `client` are further options of `httpx.AsyncClient`, such as `auth` and `headers`."""
        self._name = name
        self._timeout = timeout
        context = httpx.create_ssl_context()
        one = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        self._clients = [
            httpx.AsyncClient(
                base_url=url,
                timeout=timeout,
                limits=one,
                verify=context,
                follow_redirects=False,
                trust_env=False,
                **client,
            )
            for _ in range(connections)
        ]
        self._idle: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for client_ in self._clients:
            self._idle.put_nowait(client_)

    async def post(self, path: str, **request: Any) -> ApiReply | TryLater | Unknown:
        """Hand something over. `TryLater`: it was certainly not taken; `Unknown`: it may have been."""
        try:
            return await self._request("POST", path, **request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return TryLater(f"{self._name} can't be reached: {_described(error)}"[:_LONGEST_REASON])
        except (httpx.HTTPError, TimeoutError) as error:
            return Unknown(f"the connection to {self._name} broke: {_described(error)}"[:_LONGEST_REASON])

    async def get(self, path: str, **request: Any) -> ApiReply:
        """Ask for something. Raises `OSError` if there is no answer, or one that is not 2xx."""
        try:
            reply = await self._request("GET", path, **request)
        except (httpx.HTTPError, TimeoutError) as error:
            raise OSError(f"{self._name} can't be asked: {_described(error)}"[:_LONGEST_REASON]) from error
        if not 200 <= reply.status < 300:
            raise OSError(f"{self._name} can't be asked: it answered {reply.status}")
        return reply

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()

    async def _request(self, method: str, path: str, **request: Any) -> ApiReply:
        client = await self._idle.get()
        try:
            async with asyncio.timeout(self._timeout):
                response = await client.request(method, path, **request)
        finally:
            self._idle.put_nowait(client)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return ApiReply(response.status_code, _object(response), retry_after(headers), headers)


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        said = response.json()
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _described(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
