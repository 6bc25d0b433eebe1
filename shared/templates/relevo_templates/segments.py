"""How many segments a text is as SMS, each of which is paid for.

Sources: 3GPP TS 23.038 (the GSM 7-bit default alphabet and its extension table), TS 23.040 section 9.2.3.24.1 (the
header of concatenated messages, which takes 6 octets of each segment's 140).
"""

from typing import Literal, TypeAlias

from msgspec import Struct

Encoding: TypeAlias = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each takes an escape and a septet."""
_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_OF_SEVERAL = {"GSM-7": 153, "UCS-2": 67}
_PLAINLY = {
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{SINGLE LOW-9 QUOTATION MARK}": ",",
    "\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}": "'",
    "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}": "'",
    "\N{PRIME}": "'",
    "\N{DOUBLE PRIME}": '"',
    "`": "'",
    "\N{ACUTE ACCENT}": "'",
    "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{BULLET}": "-",
    "\N{MIDDLE DOT}": ".",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{NO-BREAK SPACE}": " ",
    "\N{THIN SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
    "\t": " ",
}
"""What typesetting brings into a text, and how the default alphabet says the same."""


class Segments(Struct, frozen=True):
    """How a text travels: in `count` segments of septets (GSM-7) or of UTF-16 code units (UCS-2), `units` in all.

    `foreign` are the characters that the default alphabet lacks, each once, in the order of the text: any makes all of
    it UCS-2. `plain` is the text with what of them has a like in the alphabet written so.
    """

    encoding: Encoding
    units: int
    count: int
    foreign: str
    plain: str

    @property
    def typographic(self) -> bool:
        """Whether the text is UCS-2 for characters alone that have a like in the default alphabet."""
        return bool(self.foreign) and all(one in _PLAINLY for one in self.foreign)


def plain_for(character: str) -> str:
    """How the default alphabet says a character that it lacks; the character itself if it has nothing like it."""
    return _PLAINLY.get(character, character)


def segments_of(text: str) -> Segments:
    """The segments of `text`; empty text is none."""
    foreign = "".join(dict.fromkeys(one for one in text if one not in _BASIC and one not in _EXTENDED))
    encoding: Encoding = "UCS-2" if foreign else "GSM-7"
    sizes = [_size(one, encoding) for one in text]
    plain = "".join(map(plain_for, text)) if foreign else text
    return Segments(encoding, sum(sizes), _count(sizes, encoding), foreign, plain)


def _size(character: str, encoding: Encoding) -> int:
    if encoding == "UCS-2":
        return 2 if ord(character) > 0xFFFF else 1
    return 2 if character in _EXTENDED else 1


def _count(sizes: list[int], encoding: Encoding) -> int:
    """No character is cut in two: an escape or a surrogate that would end a segment begins the next."""
    if sum(sizes) <= _SINGLE[encoding]:
        return 1 if sizes else 0
    room, count = _OF_SEVERAL[encoding], 1
    for size in sizes:
        if size > room:
            room, count = _OF_SEVERAL[encoding], count + 1
        room -= size
    return count
