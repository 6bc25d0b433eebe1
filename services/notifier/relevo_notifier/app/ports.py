"""What the use cases need of a provider."""

from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_notifier.core.answers import Answer


class Message(Struct, frozen=True):
    """A message ready for a provider. `content` is a whole mail as bytes, or the UTF-8 text of an SMS."""

    effect: str
    sender: str
    recipient: str
    content: bytes


class Provider(Protocol):
    """One way out. `slots` messages may be under way at once; `can_ask`: `find` can tell what became of a message."""

    channel: Channel
    slots: int
    can_ask: bool

    async def send(self, message: Message) -> Answer:
        """Hand `message` over and say what came of it; never raises for what a provider or a network does."""
        ...

    async def find(self, message: Message, age: timedelta) -> str | None:
        """The provider's id of a message that may have been sent within `age` (wall time); `None` if it was not.

        Raises `OSError` if the provider can't be asked now.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
