"""What is kept of a genuine message that has no canonical event: everything but its secrets."""

from datetime import datetime
from typing import Any

import msgspec

from relevo_contracts.messages import Unrecognised
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.redaction import redact

_EXCERPT = 10_000


def unrecognised(
    *, shop: str, platform: str, topic: str, reason: str, delivery_id: str, body: bytes, received: datetime
) -> Unrecognised:
    """The message as it is kept. Raises `InvalidPayload` if the body is no JSON."""
    return Unrecognised(
        id=delivery_id,
        shop=shop,
        platform=platform,
        topic=topic[:200],
        reason=reason,
        receivedtime=received,
        body=_body(decode(body, Any) if body else ""),
    )


def encode(message: Unrecognised, limit: int) -> bytes:
    """JSON text of at most `limit` bytes; of a body that is larger the beginning is kept."""
    value = msgspec.json.encode(message)
    if len(value) <= limit:
        return value
    beginning = msgspec.json.encode(message.body)[:_EXCERPT].decode(errors="replace")
    shortened = msgspec.structs.replace(
        message, reason=f"{message.reason} (only the beginning of its {len(value)} bytes is kept)", body=beginning
    )
    return msgspec.json.encode(shortened)


def _body(value: Any) -> dict[str, Any] | list[Any] | str:
    cleaned = redact(value)
    return cleaned if isinstance(cleaned, dict | list) else str(cleaned)
