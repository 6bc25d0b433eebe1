"""What Akeneo's answers mean. Sources: as in `requests`; "Response codes" and "Error messages"."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.systems.pim import PimProduct
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.systems import Access, SignedOut, Token, succeeded


class Granted(Struct, frozen=True):
    """A token."""

    access_token: str
    expires_in: int


class Value(Struct, frozen=True):
    """A value of an attribute, in one language and channel, or in all of them (`None`)."""

    data: Any
    locale: str | None = None
    scope: str | None = None


class Product(Struct, frozen=True):
    """A product. Releases before 7 have no `uuid`."""

    identifier: str
    values: dict[str, list[Value]] | list[Any]
    uuid: str = ""
    enabled: bool = False
    family: str | None = None
    categories: list[str] = []


class Version(Struct, frozen=True):
    """Which PIM it is."""

    version: str
    edition: str


def token(reply: Replied, access: Access, now: datetime) -> Token:
    """The token. Akeneo refuses a client or a user that it does not know with 422."""
    if reply.status in (400, 401, 422):
        raise SignedOut(access, _words(reply))
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Granted)
    return Token(found.access_token, now + timedelta(seconds=found.expires_in))


def product(reply: Replied, access: Access, locale: str, channel: str) -> PimProduct:
    """The product, with the values of one language and channel."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Product)
    values = found.values if isinstance(found.values, dict) else {}  # an empty object comes as a list
    chosen = {code: _chosen(given, locale.replace("-", "_"), channel) for code, given in values.items()}
    return PimProduct(
        product_id=found.uuid or found.identifier,
        sku=found.identifier,
        enabled=found.enabled,
        family=found.family or "",
        categories=found.categories,
        values={code: data for code, data in chosen.items() if data is not None},
    )


def version(reply: Replied, access: Access) -> str:
    """Which PIM it is."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Version)
    return f"version {found.version} ({found.edition})"


def _chosen(given: Sequence[Value], locale: str, channel: str) -> Any:
    """The value of this language and channel; one that is for all of them counts for each."""
    fitting = (one for one in given if one.locale in (None, locale) and one.scope in (None, channel))
    return next((one.data for one in fitting), None)


def _words(reply: Replied) -> str:
    message = reply.body.get("message") if isinstance(reply.body, Mapping) else None
    return message if isinstance(message, str) else ""
