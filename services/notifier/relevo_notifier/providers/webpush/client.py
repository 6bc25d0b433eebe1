"""Messages to browsers: one delivery goes to each device of a person.

Source: RFC 8030 (push services), RFC 8291 (encryption), RFC 8292 (VAPID). Push services know no idempotency key; a
message with the `Topic` of one that was not delivered yet takes its place.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.core.provider_results import ProviderResult, Rejected
from relevo_notifier.core.push import PushContent, Recipient, mark_of, payload_of
from relevo_notifier.providers.http_api import ApiReply, HttpApi
from relevo_notifier.providers.http_provider import effect_header
from relevo_notifier.providers.webpush.encryption import LARGEST, encrypted
from relevo_notifier.providers.webpush.options import Services, WebPushOptions
from relevo_notifier.providers.webpush.replies import of_all, read_push
from relevo_notifier.providers.webpush.vapid import Vapid, decoded, private_key_of
from relevo_runtime.clock import SystemClock

_MOST_SERVICES = 64
_TOPIC = 32
"""Characters of a topic (RFC 8030 section 5.4)."""


class WebPushProvider:
    """Sends to the push service of each device, over connections to each."""

    channel: Channel = "push"
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, options: WebPushOptions) -> None:
        self.slots = options.connections
        self._timeout = options.timeout
        self._ttl = options.ttl
        self._services = Services(options.services)
        self._vapid = Vapid(private_key_of(options.private_key.get_secret_value()), options.subject)
        self._clock = SystemClock()  # push services go by the time of day
        self._apis: dict[str, HttpApi] = {}

    async def send(self, message: Message) -> ProviderResult:
        """Hand the message over for each of its devices."""
        push = message.push
        plain = payload_of(push)
        if len(plain) > LARGEST:
            return Rejected(f"the message has {len(plain)} bytes, of which {LARGEST} can be sent")
        answers = await asyncio.gather(*(self._to_device(one, plain, message) for one in push.devices))
        marks = [mark_of(one.endpoint) for one in push.devices]
        return of_all(list(zip(marks, answers, strict=True)), push.reached)

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        """Not known, so never."""
        raise OSError(f"push services can't tell whether they took {message.effect} within {age}")

    async def close(self) -> None:
        """Close the connections."""
        for api in self._apis.values():
            await api.close()

    async def _to_device(self, device: Recipient, plain: bytes, message: Message) -> ProviderResult:
        origin = self._services.origin(device.endpoint)
        if not origin:
            return Rejected("the endpoint is not at a push service of RELEVO_NOTIFIER_WEBPUSH_SERVICES")
        try:
            body = encrypted(plain, decoded(device.p256dh), decoded(device.auth))
        except ValueError as error:
            return Rejected(f"the message can't be encrypted for the browser: {error}", gone=(device.endpoint,))
        headers = self._headers(origin, message)
        path = device.endpoint[device.endpoint.index("/", len("https://")) :] if device.endpoint.count("/") > 2 else "/"
        reply = await (await self._api(origin)).post(path, body, "application/octet-stream", headers)
        if not isinstance(reply, ApiReply):
            return reply
        return read_push(device.endpoint, reply.status, reply.headers, reply.wait)

    def _headers(self, origin: str, message: Message) -> Mapping[str, str]:
        push: PushContent = message.push
        return {
            "Authorization": self._vapid.authorization(origin, self._clock.now()),
            "Content-Encoding": "aes128gcm",
            "TTL": str(self._ttl),
            "Urgency": push.urgency,
            "Topic": push.tag[:_TOPIC],
            **effect_header(message),
        }

    async def _api(self, origin: str) -> HttpApi:
        """Connections to a push service; those that were opened first are closed where there are too many."""
        api = self._apis.get(origin)
        if api is None:
            if len(self._apis) >= _MOST_SERVICES:
                await self._apis.pop(next(iter(self._apis))).close()
            name = f"the push service {origin}"
            api = HttpApi(name, origin, connections=self.slots, timeout=self._timeout, headers={})
            self._apis[origin] = api
        return api
