"""SMS through Twilio's Messages resource.

Source: Twilio's API reference, "Messages resource". It knows no idempotency key, but it can list what went to a number:
that is how a message in doubt is cleared up.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.core.provider_results import ProviderResult, Sent
from relevo_notifier.core.requests import basic_auth
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import HttpProvider, effect_header
from relevo_notifier.providers.sms_webhooks import callback
from relevo_notifier.providers.twilio.options import TwilioOptions
from relevo_notifier.providers.twilio.replies import read_twilio

_FORM = "application/x-www-form-urlencoded"
CLOCK_SLACK = timedelta(minutes=1)


class TwilioProvider(HttpProvider):
    """Sends texts, and finds those that were sent."""

    channel: Channel = "sms"
    can_ask = True

    def __init__(self, options: TwilioOptions) -> None:
        self._callback = options.callback
        self._path = f"/2010-04-01/Accounts/{options.account}/Messages.json"
        api = HttpApi(
            "Twilio",
            options.url,
            connections=options.connections,
            timeout=options.timeout,
            headers={"Authorization": basic_auth(options.account, options.token.get_secret_value())},
        )
        super().__init__(api)

    async def send(self, message: Message) -> ProviderResult:
        """Create the message."""
        form = {"To": message.recipient, "From": message.sender, "Body": message.text}
        if self._callback and message.reference:
            form["StatusCallback"] = callback(self._callback, message.reference)
        reply = await self._api.post(self._path, urlencode(form).encode(), _FORM, effect_header(message))
        if not isinstance(reply, ApiReply):
            return reply
        body = reply.body
        if reply.status == 201 and body.get("sid"):
            return Sent(str(body["sid"]), {"status": str(body.get("status", ""))})
        return read_twilio(reply.status, _code(body), str(body.get("message", ""))[:200], reply.wait)

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        """The messages to the number that say the same and are no older than `age` by Twilio's own clock.

        Raises `OSError` if Twilio can't be asked.
        """
        query = {"To": message.recipient, "From": message.sender, "PageSize": "50"}
        reply = await self._api.get(self._path, query)
        now = _instant(reply.headers.get("date", ""))
        found = [
            FoundText(str(sent.get("sid")), now - _instant(sent.get("date_created", "")))
            for sent in _messages(reply.body)
            if sent.get("body") == message.text and sent.get("status") not in ("failed", "canceled")
        ]
        return sorted((one for one in found if one.age <= age + CLOCK_SLACK), key=lambda one: one.age, reverse=True)


def _messages(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = body.get("messages")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _instant(text: str) -> datetime:
    """An RFC 2822 date, as Twilio writes them. Raises `OSError` if it is not one: the answer is not Twilio's."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError) as error:
        raise OSError(f"Twilio's answer has no date: {text!r}") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _code(body: Mapping[str, Any]) -> int:
    code = body.get("code", 0)
    return code if isinstance(code, int) else 0
