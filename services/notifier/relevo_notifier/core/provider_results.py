"""What a provider says to a message, in the words that all providers share."""

from typing import Literal, TypeAlias

from msgspec import Struct


class Sent(Struct, frozen=True):
    """The provider took the message; `provider_id` is its own name for it. `gone` are devices that take none now."""

    provider_id: str
    detail: dict[str, str] = {}
    gone: tuple[str, ...] = ()


class Rejected(Struct, frozen=True):
    """The provider will never take this message. `suppress`: nor any other to this address."""

    reason: str
    suppress: bool = False
    detail: dict[str, str] = {}
    gone: tuple[str, ...] = ()


Concern: TypeAlias = Literal["message", "destination", "rate", "provider"]
"""Whom a refusal concerns: this message; all to its destination, which gets too much; all, of which there are too many;
all, since the provider takes nothing.
"""


class TryLater(Struct, frozen=True):
    """The provider certainly did not take the message, and may do so later. `wait` is its own wish, in wall seconds.

    `reached` are the marks of devices that have it, or may have it, and get it no more.
    """

    reason: str
    wait: float = 0.0
    detail: dict[str, str] = {}
    concern: Concern = "message"
    gone: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()


def concern_of(status: int) -> Concern:
    """Whom it concerns that an API refused something with this HTTP status.

    401 and 402 are the account's key and credits, 503 its state; 403 and 404 may be about one shop's sender.
    """
    if status == 429:
        return "rate"
    return "provider" if status in (401, 402, 503) else "message"


class Unknown(Struct, frozen=True):
    """The connection broke after the message was handed over: the provider may have taken it or not."""

    reason: str
    detail: dict[str, str] = {}
    gone: tuple[str, ...] = ()


ProviderResult: TypeAlias = Sent | Rejected | TryLater | Unknown
