"""What HubSpot's answers mean. Sources: the schemas Error, BatchResponseSimplePublicUpsertObject and …WithErrors of its
OpenAPI documents. A batch of one that fails may be a 207 with `errors`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from relevo_notifier.core.replies import Replied
from relevo_notifier.core.systems import Access, Declined, succeeded


class Record(Struct, frozen=True):
    """A record that was written; `new`: it was added."""

    id: str
    new: bool = False


class Batch(Struct, frozen=True):
    """The answer to a batch."""

    results: list[Record]
    errors: list[dict[str, Any]] = []


class Account(Struct, frozen=True, rename="camel"):
    """Whose token it is."""

    portal_id: int


def record(reply: Replied, access: Access) -> Record:
    """The record of a batch of one."""
    found = msgspec.convert(succeeded(reply, access, _words(reply.body)), Batch)
    if found.results:
        return found.results[0]
    words = "; ".join(filter(None, map(_words, found.errors))) or "it wrote nothing"
    raise Declined(f"{access.name} refused: {words}")


def is_missing(reply: Replied) -> bool:
    """Whether our property is not there."""
    return reply.status == 404


def made(reply: Replied, access: Access) -> None:
    """The property was made, here or by somebody else at this moment."""
    if reply.status != 409:
        succeeded(reply, access, _words(reply.body))


def associated(reply: Replied, access: Access) -> None:
    """The deal is of the contact."""
    succeeded(reply, access, _words(reply.body))


def account(reply: Replied, access: Access) -> str:
    """The number of the account."""
    found = msgspec.convert(succeeded(reply, access, _words(reply.body)), Account)
    return f"account {found.portal_id}"


def _words(body: Any) -> str:
    """What HubSpot says of a refusal: the words about each field, else those about all."""
    if not isinstance(body, Mapping):
        return ""
    listed = body.get("errors")
    words = [
        one["message"]
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, Mapping) and isinstance(one.get("message"), str)
    ]
    message = body.get("message")
    return "; ".join(words) or (message if isinstance(message, str) else "")
