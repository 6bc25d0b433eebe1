"""Characters that no message may carry: XML and mail programs refuse them, and people can't see them."""

import re

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters but tab, line feed, carriage return and next line; half surrogate pairs; noncharacters."""


def printable(text: str) -> str:
    """`text` without control characters, unpaired surrogates and noncharacters such as U+FFFE."""
    return _UNFIT.sub("", text) if not text.isascii() or not text.isprintable() else text
