"""Web addresses made of what a template says and of values, which are percent-encoded where they stand (RFC 3986).

A text that makes an address is filled in with marks around its values; `assembled` puts it together. A value at the
very beginning is an address itself, or the beginning of one, and stays so.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, urlsplit

from relevo_templates.characters import printable

BEGIN, END = "\ue000", "\ue001"
"""Marks around a value, characters of the private use area; those that come with a value are dropped."""
_MARK = re.compile(f"([{BEGIN}{END}])")
_SCHEME = re.compile(r"(https?|mailto|tel):", re.IGNORECASE)
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*\Z", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE)
_LITERAL = re.compile(r"[0-9a-f:.]+", re.IGNORECASE)
_BREAKS = re.compile(r"[\t\r\n\x85\u2028\u2029]+")
_LEGAL = "-._~:/?#[]@!$&'()*+,;=%"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLAIN = re.compile(
    r"https?://(?=[a-z0-9._-]{1,253}(?:[:/?#]|\Z))[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*(?::[1-9][0-9]{0,3})?"
    r"(?:[/?#](?:[a-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9a-f]{2})*)?",
    re.IGNORECASE | re.ASCII,
)
"""Addresses of the web as nearly all are: they are spelt as they have to be."""


class Encoded(str):
    """Text that was percent-encoded already."""

    __slots__ = ()


def marked(value: str) -> str:
    """A value on its way into an address."""
    return value if isinstance(value, Encoded) else f"{BEGIN}{_MARK.sub('', value)}{END}"


def percent_encoded(value: str, safe: str = "") -> str:
    """A value as part of an address: everything but letters, digits and `-._~` becomes `%XX`."""
    encoded = quote(printable(value), safe=safe)
    return encoded.replace(".", "%2E") if encoded in (".", "..") else encoded  # no step up in a path


def assembled(text: str) -> str:
    """The address of a filled-in text with its marks."""
    if text.startswith(BEGIN) and text.endswith(END) and _PLAIN.fullmatch(text, 1, len(text) - 1):
        return text[1:-1]  # a value that is a whole address
    return _assembled(text)


@lru_cache(maxsize=4096)  # a shop's own addresses come again with every message
def _assembled(text: str) -> str:
    address = ""
    for part, is_value in _parts(_BREAKS.sub("", text).strip()):
        if is_value and address:
            address += _placed(part, address)
        else:
            address = _whole(part.strip()) if is_value else address + (_spelt(part) if address else part.lstrip())
    return _whole(address.rstrip())


def web_address(text: str) -> str:
    """`text` as an address that a mail may lead to, spelt with legal characters; empty if it is none."""
    return text if _PLAIN.fullmatch(text) else _web_address(text)


@lru_cache(maxsize=4096)
def _web_address(text: str) -> str:
    address = _whole(_BREAKS.sub("", printable(text)).strip())
    scheme = _SCHEME.match(address)
    if scheme is None:
        return ""
    if scheme[1].lower() in ("mailto", "tel"):
        return address if len(address) > scheme.end() else ""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    return address if _is_host(parts.hostname or "") and port != 0 and not parts.netloc.endswith(":") else ""


def _is_host(host: str) -> bool:
    if ":" in host:
        return _LITERAL.fullmatch(host) is not None
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a text with marks, each with whether it is a value. Marks inside of marks are one value."""
    depth, value = 0, ""
    for piece in _MARK.split(text):
        if piece == BEGIN:
            depth += 1
        elif piece == END:
            depth = max(0, depth - 1)
            if depth == 0 and value:
                yield value, True
                value = ""
        elif depth:
            value += piece
        elif piece:
            yield piece, False
    if value:
        yield value, True


def _placed(value: str, before: str) -> str:
    """A value as it has to be spelt after `before`."""
    if before.startswith(("mailto:", "tel:")):
        return percent_encoded(value, "@+" if "?" not in before else "")
    if _AUTHORITY.match(before):
        return percent_encoded(_ascii_host(value), ":[]")
    return percent_encoded(value)


def _whole(address: str) -> str:
    """An address whose host is ASCII (IDNA) and whose other characters are legal ones."""
    begin, slashes, rest = address.partition("://")
    if not slashes or not begin.isascii():
        return _spelt(address)
    authority = re.match(r"[^/?#]*", rest)
    host = authority[0] if authority else ""
    return begin + slashes + _spelt(_ascii_host(host)) + _spelt(rest[len(host) :])


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    name, colon, port = host.partition(":")
    try:
        return name.encode("idna").decode() + colon + port
    except (UnicodeError, ValueError):
        return host


def _spelt(text: str) -> str:
    """The same with whatever is illegal in an address percent-encoded; what is encoded stays."""
    return _LONE_PERCENT.sub("%25", quote(printable(text), safe=_LEGAL))
