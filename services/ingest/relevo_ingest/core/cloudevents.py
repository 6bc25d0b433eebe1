"""CloudEvents 1.0 over HTTP: structured, batch and binary content mode.

Source: CloudEvents 1.0.2 (attributes, JSON format) and its HTTP Protocol Binding (modes, percent-encoding).
Extension attribute `historical` marks a backfill: it updates what is known and starts nothing. `test` marks a
rehearsal: by default it reaches nobody and changes nothing.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Struct

from relevo_contracts.checking import faults_of
from relevo_contracts.payloads import Instant
from relevo_ingest.core.decoding import decode_strictly
from relevo_ingest.core.errors import FieldProblem, InvalidPayload, as_problem

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


class Malformed(Struct, frozen=True):
    """What should be an event and has attributes that are missing or wrong: all of them, and what is there besides."""

    wrong: tuple[FieldProblem, ...]
    type: str = ""
    """Empty if that is wrong as well."""
    data: msgspec.Raw = msgspec.Raw(b"")


Given = CloudEvent | Malformed


def parse(content_type: str, headers: Mapping[str, str], body: bytes, most: int) -> tuple[list[Given], bool]:
    """The events of a request, and whether it is a batch. Raises `InvalidPayload` (a batch may hold `most` events)."""
    media = media_type(content_type)
    if media == BATCH:
        events = _parts(body)
        if len(events) > most:
            raise InvalidPayload("body", f"the batch has {len(events)} events; at most {most} are taken at once")
        return [_structured(one) for one in events], True
    if media == STRUCTURED:
        decode_strictly(body, msgspec.Raw)
        return [_structured(body)], False
    return [_binary(headers, media, body)], False


def _parts(body: bytes) -> list[msgspec.Raw]:
    """The events of a batch, each as it stands there. Raises `InvalidPayload` if it is not a list."""
    if not bytes(decode_strictly(body, msgspec.Raw)).lstrip().startswith(b"["):
        raise InvalidPayload("body", f"must be a list of events; one event alone is {STRUCTURED}")
    return decode_strictly(body, list[msgspec.Raw])


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the event's attributes travel as `ce-*` headers."""
    return any(f"ce-{name}" in headers for name in ("specversion", "id", "source", "type"))


def _structured(text: bytes | msgspec.Raw) -> Given:
    """One event of which it is known that it is JSON."""
    try:
        attributes = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        event = msgspec.json.decode(text, type=CloudEvent)
    except msgspec.ValidationError:
        return _malformed(decode_strictly(bytes(text), Any), text)
    slips = _slips(attributes)
    return Malformed(slips, event.type, event.data) if slips else event


def _malformed(value: Any, text: bytes | msgspec.Raw) -> Malformed:
    if isinstance(value, list):
        return Malformed((("", f"must be an event, not a list; several events are {BATCH}"),))
    if not isinstance(value, dict):
        return Malformed((("", "must be an event: an object"),))
    data = msgspec.json.decode(text, type=dict[str, msgspec.Raw]).get("data", msgspec.Raw(b""))
    return _with_faults(value, _slips(value), data)


def _binary(headers: Mapping[str, str], media: str, body: bytes) -> Given:
    attributes: dict[str, Any] = {"datacontenttype": media}
    wrong: list[FieldProblem] = []
    for name, value in headers.items():
        if name.startswith("ce-"):
            attributes[name.removeprefix("ce-")] = unquote(value, errors="replace")
            if "\ufffd" in attributes[name.removeprefix("ce-")]:
                wrong.append((name.removeprefix("ce-"), "is not UTF-8 once its %-escapes are decoded"))
    wrong.extend(_slips(attributes))
    try:
        event = msgspec.convert(attributes, CloudEvent)
        found = Malformed(tuple(wrong), event.type, msgspec.Raw(body))
    except msgspec.ValidationError:
        found = _with_faults(attributes, wrong, msgspec.Raw(body))
    if not found.wrong:
        return msgspec.structs.replace(event, data=found.data)
    return msgspec.structs.replace(found, wrong=tuple((f"ce-{where}", problem) for where, problem in found.wrong))


def _with_faults(attributes: Mapping[str, Any], wrong: Iterable[FieldProblem], data: msgspec.Raw) -> Malformed:
    found = dict(wrong)
    for fault in faults_of(CloudEvent, attributes, strict=False):
        found.setdefault(*as_problem(fault))
    named = attributes.get("type")
    return Malformed(tuple(found.items()), named if isinstance(named, str) and named else "", data)


def _slips(given: Iterable[str]) -> tuple[FieldProblem, ...]:
    """Attributes that are misspelt. CloudEvents lets senders add what they like: only what is nearly one counts.

    A slip in `historical` would otherwise have a backfill start runs and send messages.
    """
    found = []
    for name in set(given) - _KNOWN:
        near = get_close_matches("".join(filter(str.isalnum, name.lower())), _ATTRIBUTES, n=1, cutoff=_NEAR)
        if near and near[0] not in given:
            found.append((name[:60], f"is not an attribute here; did you mean {near[0]!r}?"))
    return tuple(sorted(found))


_ATTRIBUTES = CloudEvent.__struct_fields__
_KNOWN = frozenset(_ATTRIBUTES) | {"dataschema", "subject"}
_NEAR = 0.87
"""How alike an attribute is to one of ours where it must be a slip: `historic`, `Historical`, not `sourceid`."""
