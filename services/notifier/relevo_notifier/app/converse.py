"""A conversation with a system, carried over the network: what it asks goes out, what comes back goes on."""

import time
from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

from msgspec import Struct

from relevo_notifier.core.replies import Blocked, ConnectionLost, Replied, Reply
from relevo_notifier.core.requests import InvalidCall, Request
from relevo_notifier.core.systems import Conversation, request_for

T = TypeVar("T")
AskSystem = Callable[[Request], Awaitable[Reply]]


class Interrupted(Exception):  # noqa: N818 - it may go on another time
    """The conversation came to no end; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(type(reply).__name__)
        self.reply = reply


class Limit(Struct):
    """How long a conversation may take altogether, in wall seconds, from now on."""

    seconds: float
    since: float

    @classmethod
    def of(cls, seconds: float) -> "Limit":
        """So long, from now on."""
        return cls(seconds, time.monotonic())

    @property
    def left(self) -> float:
        """What is left of it."""
        return self.seconds - (time.monotonic() - self.since)


async def carry(requests: Generator[Request, Replied, T], ask: AskSystem, first: Request | None = None) -> T:
    """What the requests come to, one after the other; `first` is what `requests` has given already.

    Raises `Interrupted` for one that has no answer, and what is made of answers.
    """
    try:
        request = first or next(requests)
        while True:
            reply = await ask(request)
            if not isinstance(reply, Replied):
                raise Interrupted(reply)
            request = requests.send(reply)
    except StopIteration as end:
        found: T = end.value
        return found
    finally:
        requests.close()


async def converse(conversation: Conversation[T], base_url: str, ask: AskSystem, limit: Limit) -> T:
    """What the conversation comes to. Raises `Interrupted`, and what the conversation makes of answers."""
    return await carry(_requests(conversation, base_url, limit), ask)


def _requests(conversation: Conversation[T], base_url: str, limit: Limit) -> Generator[Request, Replied, T]:
    """The requests of a conversation with what is at `base_url`, which goes on with answers that are good."""
    try:
        wanted = next(conversation)
        while True:
            left = limit.left
            if left <= 0:
                raise Interrupted(ConnectionLost(f"it took longer than {limit.seconds:g} s"))
            request = request_for(wanted, base_url, left)
            if isinstance(request, InvalidCall):
                raise Interrupted(Blocked(f"the address of the system can't be called: {request.reason}"))
            reply = yield request
            if reply.later or reply.error:
                raise Interrupted(reply)
            wanted = conversation.send(reply)
    except StopIteration as end:
        found: T = end.value
        return found
    finally:
        conversation.close()
