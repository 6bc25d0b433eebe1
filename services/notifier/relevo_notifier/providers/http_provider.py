"""What the providers over HTTP have in common as providers; `http_api` has what they have in common on the wire."""

from collections.abc import Sequence
from datetime import timedelta

from relevo_contracts.contact import Channel
from relevo_notifier.app.ports import FoundText, Message
from relevo_notifier.providers.http_api import HttpApi


class HttpProvider:
    """A provider whose API knows no idempotency key, and can't be asked for certain what became of a message.

    One that can says so by its own `can_ask` and `find`, or `repeatable_for`. `send` is each provider's.
    """

    channel: Channel
    can_ask = False
    repeatable_for = timedelta(0)

    def __init__(self, api: HttpApi) -> None:
        self.slots = api.slots
        self._api = api

    async def find(self, message: Message, age: timedelta) -> Sequence[FoundText]:
        """Not known for certain, so never."""
        raise OSError(f"{self._api.name} can't tell for certain whether it took {message.effect} within {age}")

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()


def effect_header(message: Message) -> dict[str, str]:
    """The effect key of an SMS, for a sandbox that counts effects; providers ignore headers that they don't know."""
    return {"X-Relevo-Effect": message.effect.encode("ascii", "backslashreplace").decode()}
