"""What is kept of a genuine message that has no canonical event: everything but its secrets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from relevo_contracts.messages import Unrecognised
from relevo_contracts.text import clean, storable
from relevo_ingest.core.decoding import parse
from relevo_ingest.core.drafts import NoEvent
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.redaction import redact, redact_plain

_EXCERPT = 10_000
_LONGEST_TEXT = 200_000
_LONGEST_HEADER = 500
_PUBLISHED = frozenset(("token", "order_status_url", "abandoned_checkout_url"))
"""Fields of shops whose values are in the events anyway: without them a message could not be read again."""


def unrecognised(
    *,
    shop: str,
    platform: str,
    topic: str,
    why: NoEvent,
    delivery_id: str,
    body: bytes,
    received: datetime,
    headers: Mapping[str, str] = {},
) -> Unrecognised:
    """The message as it is kept. A body that is not JSON is kept as text."""
    value, is_text = _body(body)
    cut = isinstance(value, str) and len(value) > _LONGEST_TEXT
    return Unrecognised(
        id=delivery_id,
        shop=shop,
        platform=platform,
        topic=clean(topic, 200),
        reason=clean(why.reason, 1000),
        receivedtime=received,
        body=value[:_LONGEST_TEXT] if isinstance(value, str) else value,
        kind=why.kind,
        where=clean(why.where, 300),
        headers={name: clean(text, _LONGEST_HEADER) for name, text in headers.items() if text},
        is_text=is_text,
        cut=cut,
    )


def encode(message: Unrecognised, limit: int) -> bytes:
    """JSON text of at most `limit` bytes; of a body that is larger the beginning is kept."""
    value = msgspec.json.encode(message)
    if len(value) <= limit:
        return value
    beginning = msgspec.json.encode(message.body)[:_EXCERPT].decode(errors="replace")
    shortened = msgspec.structs.replace(
        message,
        reason=f"{message.reason} (only the beginning of its {len(value)} bytes is kept)",
        body=beginning,
        is_text=True,
        cut=True,
    )
    return msgspec.json.encode(shortened)


def kept_body(message: Unrecognised) -> bytes:
    """The body, as a connector reads it: what was sent, but for the secrets."""
    if message.is_text and isinstance(message.body, str):
        return message.body.encode()
    return msgspec.json.encode(message.body)


def _body(body: bytes) -> tuple[dict[str, Any] | list[Any] | str, bool]:
    """The body without secrets, and whether it is text that is not JSON."""
    try:
        with collecting():  # whatever is odd in it was told when it was read
            value = _encodable(redact(parse(body), _PUBLISHED))
    except (InvalidPayload, RecursionError):
        return redact_plain(storable(body.decode(errors="replace"))), True
    return (value, False) if isinstance(value, dict | list) else (str(value), True)


def _encodable(value: Any) -> Any:
    """The same value with text that has a UTF-8 form."""
    if isinstance(value, dict):
        return {storable(name): _encodable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return storable(value) if isinstance(value, str) else value
