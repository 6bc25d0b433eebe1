"""From bytes to typed shapes, with one clear error for everything that JSON can be wrong in."""

from typing import TypeVar

import msgspec

from relevo_ingest.core.errors import InvalidPayload

T = TypeVar("T")


def decode(body: bytes, shape: type[T], under: str = "") -> T:
    """`body` as `shape`. Raises `InvalidPayload`: broken or truncated JSON, bad UTF-8, too deep, or a wrong type.

    The error names the path of the value, below `under`.
    """
    _check_text(body, under)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise InvalidPayload.from_decoder(error, under) from None
    except msgspec.DecodeError as error:
        raise InvalidPayload(under or "body", f"the JSON is broken: {error}") from None
    except RecursionError:
        raise InvalidPayload(under or "body", "the JSON is nested too deep") from None


def _check_text(body: bytes, under: str) -> None:
    """The decoder skips what the shape does not name, unseen; the whole body must be text nevertheless."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidPayload(under or "body", f"not UTF-8: {error.reason} at byte {error.start}") from None
