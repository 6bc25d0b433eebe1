"""From the bytes of a file to lines of text: which encoding it has, and lines of bounded length."""

import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

from relevo_ingest.core.errors import IngestError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
LONGEST_LINE = 1_000_000
"""Characters; a longer one is not a row of a shop's table."""
_SAMPLE = 4096
_UNDECODED = re.compile("[\ud800-\udfff]")


class UnreadableFile(IngestError):  # noqa: N818 - named for what the person is told
    """The file as a whole can't be imported; the message says why, and what to do."""


class Line(Struct, frozen=True):
    """A line with its number (from 1), its end included. `fault` says why it can't be taken as it is."""

    number: int
    text: str
    fault: str = ""


class Census(Struct):
    """What one walk over a file's bytes tells: how many lines it has, and in how many of them which encoding fits."""

    lines: int = 0
    utf8: int = 0
    other: int = 0
    sample: bytes = b""

    def add(self, piece: bytes) -> None:
        """Counts a line of the file, or a piece of a very long one."""
        if len(self.sample) < _SAMPLE:
            self.sample += piece[:_SAMPLE]
        self.lines += 1
        if not piece.isascii():
            try:
                piece.decode()
                self.utf8 += 1
            except UnicodeDecodeError:
                self.other += 1

    @property
    def encoding(self) -> str:
        """The encoding that fits: by its mark, by its zero bytes, or by what most lines beyond ASCII are."""
        if self.sample.startswith(BOM_UTF8):
            return "utf-8-sig"
        if self.sample.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "utf-16"
        if (wide := _without_mark(self.sample)) is not None:
            return wide
        return "utf-8" if self.utf8 >= self.other else "cp1252"


def _without_mark(sample: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of Latin text is zero."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 4 < len(sample):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def lines(stream: BinaryIO, encoding: str) -> Iterator[Line]:
    """The lines of a file. What is not of its encoding, or too long, has a fault; it never raises for its content."""
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    text = io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")
    number = 0
    while piece := text.readline(LONGEST_LINE):
        number += 1
        if len(piece) < LONGEST_LINE or piece.endswith("\n"):
            fault = "" if piece.isascii() else _fault(piece, encoding)
            yield Line(number, piece, fault)
            continue
        while (rest := text.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
            pass
        yield Line(number, piece[:1000], f"is longer than {LONGEST_LINE:,} characters")
    text.detach()


def _fault(text: str, encoding: str) -> str:
    if encoding.startswith("utf-16"):
        return f"holds what is not {encoding}" if "\ufffd" in text else ""
    if (found := _UNDECODED.search(text)) is None:
        return ""
    odd = ord(found[0])
    byte = f" (byte 0x{odd - 0xDC00:02x})" if 0xDC80 <= odd <= 0xDCFF else ""
    return f"holds what is not {encoding.removesuffix('-sig')}{byte}"


def printable(text: str) -> str:
    """The text without halves of characters, so that it can be written again."""
    return _UNDECODED.sub("\ufffd", text)
