"""From bytes to typed shapes: strictly for who writes our own form, leniently for the bodies of shops.

What a shop's system writes can't be mended by whoever receives it. So a value that can't be read costs itself: it is
absent, and a note (`core.notes`) says where and why. Only what is required, and the body as a whole, can fail.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from math import isinf
from typing import Any, TypeVar

import msgspec

from relevo_contracts.text import without_surrogates
from relevo_ingest.core.coercion import CannotCoerce, coerce
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import note

T = TypeVar("T")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_SHALLOW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUE = msgspec.json.Decoder()
_LONGEST_NUMBER = 40  # digits; a longer one is not an amount, an id or a count
_WIDEST = 2**63


def decode_strictly(body: bytes, shape: type[T], under: str = "") -> T:
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


def decode(body: bytes, shape: type[T], under: str = "") -> T:
    """`body` as `shape`, as far as it can be read; what was left out is noted.

    Raises `InvalidPayload` if it is not JSON, or if something is missing or wrong that `shape` requires.
    """
    try:
        return decode_strictly(body, shape, under)
    except InvalidPayload:
        value = parse(body, under)
    try:
        return coerce(value, shape, under)
    except CannotCoerce as error:
        raise InvalidPayload(error.where or "body", error.problem) from None


def parse(body: bytes, under: str = "") -> Any:
    """`body` as plain JSON values: what is not UTF-8 or not JSON in single values is replaced or absent, with a note.

    Raises `InvalidPayload` if it is not JSON as a whole.
    """
    try:
        return msgspec.json.decode(body)  # nearly always
    except _UNREADABLE as error:
        problem = str(error)
    if not body.strip():
        raise InvalidPayload(under or "body", "is empty: JSON is wanted")
    try:
        text = _text(body, under or "body")
        value = _READER.decode(text)
        return _without_surrogates(value) if _HALF.search(text) else value
    except RecursionError:
        raise InvalidPayload(under or "body", "the JSON is nested too deep") from None
    except ValueError:
        raise InvalidPayload(under or "body", f"the JSON is broken: {problem}") from None


def parse_object(body: bytes) -> dict[str, Any]:
    """`body` as a plain JSON object, as `parse` reads it. Raises `InvalidPayload` if it is none."""
    value = parse(body)
    if not isinstance(value, dict):
        raise InvalidPayload("body", "is not a JSON object")
    return value


def top_level(body: bytes) -> Mapping[str, Any]:
    """What `parse_object` returns, each field read when it is looked at: for whoever needs a few of many.

    Raises `InvalidPayload` if it is not a JSON object.
    """
    try:
        return _Fields(body, _SHALLOW.decode(body))
    except _UNREADABLE:
        return parse_object(body)


class _Fields(Mapping[str, Any]):
    """The fields of an object, not yet decoded."""

    def __init__(self, body: bytes, raw: dict[str, msgspec.Raw]) -> None:
        self._body = body
        self._raw = raw

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, name: str) -> Any:
        try:
            return _VALUE.decode(self._raw[name])
        except _UNREADABLE:
            return parse_object(self._body)[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._raw else default


def _text(body: bytes, where: str) -> str:
    """The text of a body: UTF-8 (or by its byte order mark UTF-16 or UTF-32), with what is not replaced."""
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        note(where, f"not UTF-8: {error.reason} at byte {error.start}; it was replaced", "replaced")
        return body.decode("utf-8-sig" if encoding.startswith("utf-8") else encoding, "replace")


def _whole_number(text: str) -> int | str | None:
    """Beyond 64 bits it is neither a count nor an amount, but it may be an id, as text."""
    if len(text) > _LONGEST_NUMBER:
        note("body", f"a number with {len(text)} digits was left out")
        return None
    number = int(text)
    return number if abs(number) < _WIDEST else text


def _fraction(text: str) -> float | None:
    """Beyond what a float can hold it is infinite, which means nothing."""
    number = float(text)
    if isinf(number):
        note("body", f"the number {text[:_LONGEST_NUMBER]} is too large; it was left out")
        return None
    return number


def _no_number(text: str) -> None:
    note("body", f"{text} is not a JSON value; it was left out")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, dict):
        return {without_surrogates(name): _without_surrogates(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return without_surrogates(value) if isinstance(value, str) else value


_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # perhaps half of a surrogate pair: JSON may write one, text can't hold it
_READER = json.JSONDecoder(parse_int=_whole_number, parse_float=_fraction, parse_constant=_no_number, strict=False)


def _check_text(body: bytes, under: str) -> None:
    """The decoder skips what the shape does not name, unseen; the whole body must be text nevertheless."""
    if not body.strip():
        raise InvalidPayload(under or "body", "is empty: JSON is wanted")
    if body.startswith(BOM_UTF8):
        raise InvalidPayload(under or "body", "begins with a byte order mark: send it without")
    if body.isascii():
        return
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidPayload(under or "body", f"not UTF-8: {error.reason} at byte {error.start}") from None
