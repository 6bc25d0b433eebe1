"""SMS through Twilio's Messages resource.

Source: Twilio's API reference, "Messages resource". It knows no idempotency key, but it can list what went to a number:
that is how a message in doubt is cleared up.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import Message
from relevo_notifier.core.provider_results import ProviderResult, Sent, TryLater, Unknown, read_twilio

CLOCK_SLACK = timedelta(minutes=1)


class TwilioOptions(Struct, frozen=True):
    """The account and how to reach it. `timeout`: seconds for one request; `connections`: requests at once."""

    base_url: str
    account: str
    token: str
    connections: int = 8
    timeout: float = 20.0

    def __repr__(self) -> str:
        return f"TwilioOptions({self.base_url}, {self.account}, connections={self.connections})"


class TwilioProvider:
    """One client a connection: httpx's pool looks through all its requests under one lock, which costs more CPU than
    the request itself once there are more than a few.
    """

    channel: Channel = "sms"
    can_ask = True

    def __init__(self, options: TwilioOptions) -> None:
        self.slots = options.connections
        self._timeout = options.timeout
        self._path = f"/2010-04-01/Accounts/{options.account}/Messages.json"
        context = httpx.create_ssl_context()
        self._clients = [_client(options, context) for _ in range(options.connections)]
        self._idle: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for client in self._clients:
            self._idle.put_nowait(client)

    async def send(self, message: Message) -> ProviderResult:
        """Create the message."""
        form = {"To": message.recipient, "From": message.sender, "Body": message.content.decode()}
        # Twilio ignores headers that it does not know; a sandbox that counts effects finds the effect key here.
        headers = {"X-Relevo-Effect": message.effect.encode("ascii", "backslashreplace").decode()}
        client = await self._idle.get()
        try:
            async with asyncio.timeout(self._timeout):
                response = await client.post(self._path, data=form, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return TryLater(f"Twilio can't be reached: {type(error).__name__} {error}".strip()[:300])
        except (httpx.HTTPError, TimeoutError) as error:
            return Unknown(f"the connection to Twilio broke: {type(error).__name__} {error}".strip()[:300])
        finally:
            self._idle.put_nowait(client)
        said = _json(response)
        if response.status_code == 201 and said.get("sid"):
            return Sent(str(said["sid"]), {"status": str(said.get("status", ""))})
        return read_twilio(
            response.status_code, _code(said), str(said.get("message", ""))[:200], _seconds(response.headers)
        )

    async def find(self, message: Message, age: timedelta) -> str | None:
        """Look for the text among the messages to the number that are no older than `age` by Twilio's own clock.

        Raises `OSError` if Twilio can't be asked.
        """
        client = await self._idle.get()
        try:
            query = {"To": message.recipient, "From": message.sender, "PageSize": "50"}
            response = await client.get(self._path, params=query)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(f"Twilio can't be asked: {type(error).__name__} {error}"[:300]) from error
        finally:
            self._idle.put_nowait(client)
        since = _instant(response.headers.get("date", "")) - age - CLOCK_SLACK
        text = message.content.decode()
        for sent in _messages(_json(response)):
            same = sent.get("body") == text and sent.get("status") not in ("failed", "canceled")
            if same and _instant(sent.get("date_created", "")) >= since:
                return str(sent.get("sid"))
        return None

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()


def _client(options: TwilioOptions, context: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=options.base_url,
        auth=(options.account, options.token),
        timeout=options.timeout,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        verify=context,
        follow_redirects=False,
        trust_env=False,
    )


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _messages(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = said.get("messages")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _instant(text: str) -> datetime:
    """An RFC 2822 date, as Twilio writes them. Raises `OSError` if it is none: the answer is not Twilio's."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError) as error:
        raise OSError(f"Twilio's answer has no date: {text!r}") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _code(said: Mapping[str, Any]) -> int:
    code = said.get("code", 0)
    return code if isinstance(code, int) else 0


def _seconds(headers: httpx.Headers) -> float:
    """`Retry-After` in seconds; 0 if there is none, or a date (Twilio gives seconds)."""
    value = headers.get("retry-after", "")
    return min(float(value), 3600.0) if value.isascii() and value.isdigit() else 0.0
