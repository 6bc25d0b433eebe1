"""What SES tells of mails, and those that it receives: notifications of a topic of Amazon SNS.

The subscription of the topic is confirmed by itself.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import structlog

from relevo_notifier.app.ports import UnreadableError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback
from relevo_notifier.core.posted_mail import PostedMail
from relevo_notifier.core.replies import LARGEST_BODY
from relevo_notifier.http_connection import HttpConnection, tls_context
from relevo_notifier.providers.ses.events import feedback_of
from relevo_notifier.providers.ses.options import SesOptions
from relevo_notifier.providers.ses.received import mails_of
from relevo_notifier.providers.ses.sns import certificate_url, check_signature, is_of_sns
from relevo_notifier.providers.webhooks import json_of, text_at

_log = structlog.get_logger(__name__)
_CERTIFICATES_KEPT = 10
_SECONDS = 5.0

Fetch = Callable[[str], Awaitable[bytes]]


class SesWebhook:
    """An HTTPS subscription of a topic, without raw message delivery: that would not be signed."""

    form = WebhookForm()

    def __init__(self, options: SesOptions, fetch: Fetch | None = None) -> None:
        self._topic = options.topic
        self._fetch = fetch or _fetch
        self._certificates: OrderedDict[str, bytes] = OrderedDict()
        self._fetching = asyncio.Lock()

    def missing(self) -> str:
        """The topic."""
        return "" if self._topic else "set RELEVO_NOTIFIER_SES_TOPIC"

    async def read(self, request: WebhookRequest) -> list[Feedback] | list[PostedMail]:
        """What a notification says of each recipient, or the mail that it has."""
        notification = json_of(request.body)
        if not isinstance(notification, dict):
            raise UnreadableError("it is not a notification of SNS")
        check_signature(notification, await self._certificate(certificate_url(notification, self._topic)))
        match text_at(notification, "Type"):
            case "Notification":
                message = text_at(notification, "Message")
                return mails_of(message) or feedback_of(message, text_at(notification, "MessageId"))
            case "SubscriptionConfirmation":
                await self._confirm(notification)
            case _:
                _log.warning("subscription_ended", topic=self._topic)
        return []

    async def _confirm(self, notification: Mapping[str, Any]) -> None:
        url = text_at(notification, "SubscribeURL")
        if not is_of_sns(url, self._topic):
            raise UnreadableError("its SubscribeURL does not lead to Amazon SNS")
        await self._fetch(url)
        _log.info("subscription_confirmed", topic=self._topic)

    async def _certificate(self, url: str) -> bytes:
        async with self._fetching:
            if url not in self._certificates:
                self._certificates[url] = await self._fetch(url)
                if len(self._certificates) > _CERTIFICATES_KEPT:
                    self._certificates.popitem(last=False)
            return self._certificates[url]


async def _fetch(url: str) -> bytes:
    """What is there. Raises `OSError`."""
    connection = HttpConnection(tls_context(trust_env=False), largest=LARGEST_BODY)
    try:
        async with asyncio.timeout(_SECONDS):
            response = await connection.handle_async_request(httpx.Request("GET", url))
            content = b"".join([chunk async for chunk in response.aiter_raw()])
    except httpx.TransportError as error:
        raise OSError(f"Amazon SNS can't be asked: {error}") from error
    finally:
        await connection.aclose()
    if response.status_code != 200:
        raise OSError(f"Amazon SNS answered {response.status_code}")
    return content
