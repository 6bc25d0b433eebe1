"""CloudEvents 1.0 over HTTP: structured, batch and binary content mode.

Source: CloudEvents 1.0.2 (attributes, JSON format) and its HTTP Protocol Binding (modes, percent-encoding).
Extension attribute `historical` marks a backfill: it updates what is known and starts nothing. `test` marks a
rehearsal: by default it reaches nobody and changes nothing.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Struct

from relevo_contracts.payloads import Instant
from relevo_ingest.core.decoding import decode_strictly
from relevo_ingest.core.errors import InvalidPayload

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"

_Required = Annotated[str, Meta(min_length=1, max_length=1_000)]


class CloudEvent(Struct, frozen=True, kw_only=True):
    """One event as it arrived. `data` is JSON text that is decoded by the event's type."""

    specversion: Literal["1.0"]
    id: _Required
    source: _Required
    type: _Required
    time: Instant | None = None
    datacontenttype: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    data_base64: str | None = None
    historical: bool | Literal["true", "false"] = False
    test: bool | Literal["true", "false"] = False

    @property
    def is_historical(self) -> bool:
        """Whether it is a backfill; binary mode has text for a boolean."""
        return self.historical in (True, "true")

    @property
    def is_test(self) -> bool:
        """Whether it is a rehearsal."""
        return self.test in (True, "true")

    def attributes(self) -> dict[str, str]:
        """What the sender said beside the data, as text."""
        return {
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": self.time.isoformat() if self.time else "",
            "historical": "true" if self.is_historical else "",
            "test": "true" if self.is_test else "",
        }

    def body(self) -> bytes:
        """The data as JSON text. Raises `InvalidPayload` if it is missing, or not JSON by its own account."""
        if self.datacontenttype and not is_json(self.datacontenttype):
            raise InvalidPayload("datacontenttype", f"{self.datacontenttype[:60]!r} is not JSON")
        if self.data_base64 is not None:
            try:
                return base64.b64decode(self.data_base64, validate=True)
            except (binascii.Error, ValueError):
                raise InvalidPayload("data_base64", "is not base64") from None
        if not bytes(self.data):
            raise InvalidPayload("data", "is missing")
        return bytes(self.data)


def is_json(content_type: str) -> bool:
    """`application/json` and everything that ends in `+json`."""
    media = media_type(content_type)
    return media in (JSON, "text/json") or media.endswith("+json")


def media_type(content_type: str) -> str:
    """The content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def parse(content_type: str, headers: Mapping[str, str], body: bytes, most: int) -> tuple[list[CloudEvent], bool]:
    """The events of a request, and whether it is a batch. Raises `InvalidPayload` (a batch may hold `most` events)."""
    media = media_type(content_type)
    if media == BATCH:
        events = decode_strictly(body, list[CloudEvent])
        if len(events) > most:
            raise InvalidPayload("body", f"the batch has {len(events)} events; at most {most} are taken at once")
        return events, True
    if media == STRUCTURED:
        return [decode_strictly(body, CloudEvent)], False
    return [_binary(headers, media, body)], False


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the event's attributes travel as `ce-*` headers."""
    return "ce-specversion" in headers


def _binary(headers: Mapping[str, str], media: str, body: bytes) -> CloudEvent:
    attributes: dict[str, object] = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    attributes["datacontenttype"] = media
    try:
        event = msgspec.convert(attributes, CloudEvent)
    except msgspec.ValidationError as error:
        failed = InvalidPayload.from_decoder(error)
        raise InvalidPayload(f"ce-{failed.where}" if failed.where != "body" else "headers", failed.problem) from None
    return msgspec.structs.replace(event, data=msgspec.Raw(body))
