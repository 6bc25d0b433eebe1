"""Asks the sandbox what has arrived at its mail and SMS sinks."""

from collections.abc import Mapping, Sequence

import httpx
import msgspec
from msgspec import Struct

from relevo_cli.demonstration.verdict import Arrived
from relevo_contracts.messages import SendDelivery


class SinkMessage(Struct, frozen=True, kw_only=True):
    """What the sandbox tells of a message; `effect` is the effect key that the notifier put on it."""

    number: int
    kind: str
    to: str
    effect: str
    subject: str = ""
    text: str = ""


class Sinks:
    """Collects the messages in order of arrival; `poll` returns those that are new."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.messages: list[SinkMessage] = []
        self._client = client
        self._url = url

    async def poll(self) -> Sequence[SinkMessage]:
        """What arrived since the last poll. Raises `httpx.HTTPError` if the sandbox does not answer."""
        last = self.messages[-1].number if self.messages else 0
        answer = await self._client.get(f"{self._url}/messages", params={"since": last, "limit": 1000})
        new = msgspec.json.decode(answer.raise_for_status().content, type=list[SinkMessage])
        self.messages += new
        return new


def arrived(message: SinkMessage, deliveries: Mapping[str, SendDelivery]) -> Arrived:
    """The message with what is known of its delivery. Without a delivery its template stays empty."""
    delivery = deliveries.get(message.effect)
    return Arrived(
        number=message.number,
        channel=message.kind,
        recipient=message.to,
        effect=message.effect,
        subject=message.subject or message.text,
        workflow=delivery.workflow if delivery else "",
        template=delivery.template if delivery else "",
        reason=delivery.reason if delivery else "",
        decided_at=delivery.decided_at if delivery else None,
    )
