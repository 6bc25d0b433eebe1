"""Text from outside, made safe to store, to compare and to show: the one place where every border cleans it.

What goes is what no database, XML document or message can hold (NUL and other controls, halves of surrogate pairs,
noncharacters) and what nobody sees around a value. What matters inside ordinary text stays: the joiners of emoji and of
Indic and Persian script, the marks of text that runs from right to left.
"""

import re
import unicodedata
from urllib.parse import unquote

TEXT_LIMIT = 2_000

_IMPOSSIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls; U+0085 is a line break
    "\ud800-\udfff"  # halves of surrogate pairs
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters of the first plane
    "\ufeff\ufff9-\ufffb"  # byte order mark, interlinear annotations
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
_UNSEEN_EDGE = re.compile(
    "^[\\s\u00ad\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u3164\uffa0]+"
    "|[\\s\u00ad\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u3164\uffa0]+$"
)
_UNSEEN_ANYWHERE = re.compile(f"[{_UNSEEN}]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_BREAKS = re.compile("\r\n?|\u0085|\u2028|\u2029")
_OVERRIDES = "\u202d\u202e"
_EMBEDDINGS, _END_OF_EMBEDDING = "\u202a\u202b", "\u202c"
_ISOLATES, _END_OF_ISOLATE = "\u2066\u2067\u2068", "\u2069"


def clean(value: str | None, limit: int = TEXT_LIMIT) -> str:
    """`value` as text that can be stored and shown anywhere, at most `limit` characters. Line breaks become `\\n`."""
    if not value:
        return ""
    if value.isascii() and value.isprintable():
        if len(value) <= limit and value[0] != " " and value[-1] != " ":  # nearly always
            return value
        return value.strip()[:limit].rstrip()
    text = _LINE_BREAKS.sub("\n", _IMPOSSIBLE.sub("", value))
    text = _UNSEEN_EDGE.sub("", text)[:limit]
    if _spills(text):
        text = _DIRECTIONS.sub("", text)
    return _UNSEEN_EDGE.sub("", text) if _visible(text) else ""


def without_surrogates(value: str) -> str:
    """`value` without halves of surrogate pairs, which have no UTF-8 form; otherwise unchanged."""
    return _SURROGATES.sub("", value)


def storable(value: str) -> str:
    """`value` without what no database, XML document or message can hold; otherwise unchanged, however long."""
    return _IMPOSSIBLE.sub("", value)


def _spills(text: str) -> bool:
    """Whether a change of direction in `text` would go on behind it, or shows letters in another order than they are.

    Source: Unicode Standard Annex 9; what is opened ends at the latest with the paragraph.
    """
    opened: list[str] = []
    for mark in _DIRECTIONS.findall(text):
        if mark in _OVERRIDES:
            return True
        if mark in _EMBEDDINGS or mark in _ISOLATES:
            opened.append(mark)
        elif not opened or (opened.pop() in _ISOLATES) != (mark == _END_OF_ISOLATE):
            return True
    return bool(opened)


# Fullwidth forms of ASCII, as East Asian keyboards write them.
_FULLWIDTH = {0xFF01 + n: 0x21 + n for n in range(94)}
_DOTS = {ord(dot): "." for dot in "\u3002\uff61"}
_SCHEME = re.compile(r"^(?:mailto|tel|sms|callto):(?://)?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"^[^<>]*<([^<>]+)>$")


def _bare(value: str) -> str:
    """`value` without what surrounds it: a scheme and its parameters, a name with the address in angle brackets."""
    text = _visible(value).translate(_FULLWIDTH)
    if (bracketed := _IN_BRACKETS.match(text)) is not None:
        text = bracketed[1].strip()
    if _SCHEME.match(text):
        text = _visible(unquote(_SCHEME.sub("", text).partition("?")[0]))
    return text


def _visible(value: str) -> str:
    return _UNSEEN_ANYWHERE.sub("", _IMPOSSIBLE.sub("", value)).strip()


def mail_text(value: str | None, limit: int = 320) -> str:
    """What is written of an e-mail address, in lower case: without invisible characters, `mailto:`, angle brackets.

    An international domain is written in its own letters, also where it came as punycode. Whether it is an address is
    for the caller to check.
    """
    if not value or len(value) > 2 * limit:
        return ""
    if not value.isascii():
        return unicodedata.normalize("NFC", _bare(value).translate(_DOTS)).lower()
    return _in_letters((value.strip() if _is_plain(value) else _bare(value)).lower())


def _is_plain(value: str) -> bool:
    """Whether there is nothing around the value that `_bare` would take away, but spaces."""
    return value.isascii() and value.isprintable() and "<" not in value and ":" not in value


def _in_letters(address: str) -> str:
    name, at, domain = address.rpartition("@")
    if "xn--" not in domain:
        return address
    try:
        return f"{name}{at}{domain.encode().decode('idna')}"
    except UnicodeError:
        return address


def phone_text(value: str | None, limit: int = 64) -> str:
    """What is written of a phone number, in ASCII: without invisible characters, `tel:`, extensions in a parameter.

    Digits, dashes and spaces of every script become ASCII ones. Whether it is a number is for the caller to check.
    """
    if not value or len(value) > 2 * limit:
        return ""
    text = (value if _is_plain(value) else _bare(value)).partition(";")[0]
    return text.strip() if text.isascii() else "".join(map(_ascii, text)).strip()


def _ascii(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    match unicodedata.category(char):
        case "Pd" | "Sm" if char not in "+":
            return "-" if char != "\u207a" else "+"
        case "Zs":
            return " "
        case _:
            return char
