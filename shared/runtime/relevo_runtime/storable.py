"""What PostgreSQL can hold of a text: no U+0000, and no half of a surrogate pair. Pure."""

import re
from typing import Any

import msgspec

_UNFIT = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable_text(text: str) -> str:
    """The same text with U+FFFD in place of each character that can't be kept."""
    if text.isascii() and "\0" not in text:
        return text  # nearly all that is not about people: told without a search by a pattern
    return _UNFIT.sub(_REPLACEMENT, text)


def storable(value: Any) -> Any:
    """The same JSON value with texts, names of fields included, that can be kept."""
    match value:
        case str():
            return storable_text(value)
        case list():
            return [storable(one) for one in value]
        case dict():
            return {storable_text(name): storable(one) for name, one in value.items()}
        case _:
            return value


def storable_json(value: bytes) -> bytes:
    """The same JSON document without U+0000. Costs a search where there is none. Raises what msgspec raises.

    In JSON a control character is always escaped, so that only these six characters can stand for it.
    """
    if b"\\u0000" not in value:
        return value
    return msgspec.json.encode(storable(msgspec.json.decode(value)))
