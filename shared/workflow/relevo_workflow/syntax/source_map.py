"""Where each character of a scalar's value stands in its file: values are folded, unescaped and outdented by YAML."""

import re

from msgspec import Struct

_SPACES = " \t\r\n\x85\u2028\u2029"
_WHITE = re.compile(r"[ \t\r\n]+")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)", re.DOTALL)


class SourceMap(Struct, frozen=True):
    """A scalar as it is written: its piece of the file, its style (a quote, `|`, `>` or nothing for a plain one), and
    the line and column where that piece begins, counted from 1.
    """

    source: str
    style: str
    line: int
    column: int

    def position_of(self, text: str, index: int) -> tuple[int, int]:
        """Line and column of the character `index` of the scalar's value `text`; one further is the place behind it.

        White space that YAML folded has the place of the break that it stands for.
        """
        if self.source == text and "\n" not in text:
            return self.line, self.column + index
        offset = _Alignment(self.source, self.style).offset(text[: index + 1])
        before = self.source[: offset + max(0, index - len(text) + 1)]
        breaks = before.count("\n")
        return self.line + breaks, len(before) - before.rfind("\n") if breaks else self.column + len(before)


class _Alignment:
    """Walks the value and its source side by side. Other than white space, each character stands for itself, or is
    escaped; white space stands for at least as much of it in the source.
    """

    def __init__(self, source: str, style: str) -> None:
        self._source = source
        self._style = style
        found = _PROPERTIES.match(source) if source[:1] in ("&", "!") else None
        begin = found.end() if found is not None else 0
        if style in ("|", ">"):
            begin = source.find("\n", begin) + 1 or len(source)
        elif style:
            begin += 1
        self._next = begin
        self._folded = (0, 0)  # where folded white space ends, and for how many characters it still stands

    def offset(self, text: str) -> int:
        """Where the last character of `text` begins in the source; its beginning if there is no text."""
        found = self._skip_to(text[0]) if text else self._next
        for character in text:
            found = self._skip_to(character)
            self._next = found + self._width(found)
            if self._style == '"':
                self._fold(found)
        return found

    def _fold(self, at: int) -> None:
        """Goes behind white space with a line break in double quotes as soon as the value has all that it stands for:
        one space, or a line break less. What is white there after that is escaped.
        """
        end, left = self._folded
        if at >= end:
            run = _WHITE.match(self._source, at)
            breaks = run[0].count("\n") if run is not None else 0
            end, left = (run.end(), max(1, breaks - 1)) if run is not None and breaks else (0, 0)
        if left == 1:
            self._next = end
        self._folded = end, left - 1

    def _skip_to(self, character: str) -> int:
        """Where the source goes on with `character`: behind white space that was folded, or a line that continues."""
        at, source = self._next, self._source
        while at < len(source):
            if self._style == '"' and source[at] == "\\" and source[at + 1 : at + 2] in ("\r", "\n"):
                at += 2
                while source[at : at + 1] and source[at] in _SPACES:
                    at += 1
            elif source[at] in _SPACES and character not in _SPACES:
                at += 1
            else:
                break
        return at

    def _width(self, at: int) -> int:
        """How much of the source stands for one character there."""
        if self._style == "'" and self._source.startswith("''", at):
            return 2
        escape = _ESCAPE.match(self._source, at) if self._style == '"' else None
        return len(escape[0]) if escape is not None else 1
