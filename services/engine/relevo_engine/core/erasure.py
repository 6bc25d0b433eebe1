"""Erasing customers, and all customers of a shop. Pure."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from relevo_contracts.envelope import Event, event_data, partition_key
from relevo_contracts.keys import SHOP_KEY, id_of_copy
from relevo_contracts.payloads import Buyer, PrivacyRequested
from relevo_engine.core.inputs import IncomingMessage
from relevo_workflow import CUSTOMER_REDACTED, EventInput, Facts, precedes_erasure

SHOP_REDACTED = "shop.redacted"
DATA_REQUESTED = "customer.data_requested"
_ERASURES = (CUSTOMER_REDACTED, SHOP_REDACTED)
_encode = msgspec.json.Encoder().encode


def is_erasure(arrived: IncomingMessage, before: Facts) -> bool:
    """Whether this customer, known as `before`, is erased; or the shop, whose customers follow page by page."""
    if not isinstance(arrived.input, EventInput):
        return False
    event = arrived.input.event
    if event.type not in _ERASURES or event.key != arrived.key or event.test:
        return False
    return (event.type == CUSTOMER_REDACTED or is_shops(event)) and not precedes_erasure(before, arrived.input)


def is_shops(event: Event) -> bool:
    """Whether everyone of a shop has to be erased."""
    return event.type == SHOP_REDACTED and event.key == SHOP_KEY and not event.test


def erasures(shop: str, about: str, at: datetime, keys: Iterable[str], now: datetime) -> list[tuple[bytes, bytes]]:
    """The erasure of each of these customers, who were erased with their shop at `at` by the event `about`.

    A page that is told twice has the same ids.
    """
    data = event_data(PrivacyRequested(customer=Buyer()))
    return [
        (
            partition_key(shop, key),
            _encode(
                Event(
                    id=id_of_copy(about, key),
                    source=f"/shops/{shop}/erasure",
                    type=CUSTOMER_REDACTED,
                    time=at,
                    shop=shop,
                    key=key,
                    data=data,
                    receivedtime=now,
                )
            ),
        )
        for key in keys
    ]
