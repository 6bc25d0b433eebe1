"""The envelope of every event: CloudEvents 1.0 in structured JSON, with Relevo's extension attributes.

Source: CloudEvents 1.0.2, sections 3.1 (attributes) and 3.3 (extension names are lower-case letters and digits).
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from relevo_contracts.event_types import known_payload
from relevo_contracts.keys import LONGEST_ID
from relevo_contracts.payloads import Count, Instant, Payload

Key = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]


class Event(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Something that happened in a shop.

    `id` is unique for (`shop`, `source`): the same event delivered twice carries the same id.
    `time` is when it happened, clamped to what is plausible; `receivedtime` is when ingest took it.
    `key` is the customer (or the product, for stock events): all events of one key are in order on one partition.
    `historical` marks a backfill: it updates what is known of the customer and starts nothing.
    `test` marks what happened in a rehearsal (a test order): by default it reaches no customer and changes nothing
    that is known.
    `hops` is 0 for what the shop said; for what a workflow published, and for what came of a message that it sent, it
    tells how many workflows in a row led to it.
    `traceparent` is the context of the trace that it is in (W3C Trace Context), as in the distributed tracing extension
    of CloudEvents; empty: it is in none.
    """

    id: Key
    source: str
    type: str
    time: Instant
    shop: Key
    key: Key
    data: dict[str, Any]
    receivedtime: Instant
    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    historical: bool = False
    test: bool = False
    hops: Count = 0
    traceparent: str = ""

    def payload(self) -> Payload:
        """The typed payload; of a `custom.…` event only what all have. Raises `msgspec.ValidationError`, `KeyError`."""
        payload: Any = msgspec.convert(self.data, known_payload(self.type))
        known: Payload = payload
        return known


def event_data(payload: Payload) -> dict[str, Any]:
    """The payload as it travels in `Event.data`: plain JSON values, defaults left out."""
    data: dict[str, Any] = msgspec.to_builtins(payload)
    return data


def partition_key(shop: str, key: str) -> bytes:
    """The Kafka message key: everything about one customer (or product) of a shop lands on one partition."""
    return f"{shop}/{key}".encode()
