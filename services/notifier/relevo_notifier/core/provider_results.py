"""What a provider says to a message, in the words that all providers share."""

from typing import TypeAlias

from msgspec import Struct


class Sent(Struct, frozen=True):
    """The provider took the message; `provider_id` is its own name for it."""

    provider_id: str
    detail: dict[str, str] = {}


class Rejected(Struct, frozen=True):
    """The provider will never take this message. `suppress`: nor any other to this address."""

    reason: str
    suppress: bool = False
    detail: dict[str, str] = {}


class TryLater(Struct, frozen=True):
    """The provider certainly did not take the message, and may do so later. `wait` is its own wish, in wall seconds."""

    reason: str
    wait: float = 0.0
    detail: dict[str, str] = {}


class Unknown(Struct, frozen=True):
    """The connection broke after the message was handed over: the provider may have taken it or not."""

    reason: str
    detail: dict[str, str] = {}


ProviderResult: TypeAlias = Sent | Rejected | TryLater | Unknown
