"""Notes on what was not taken as it was sent: which value, where, and why. Nothing is left out in silence.

Readers of a connector are plain functions of a body; whoever calls them collects what they note on the way.
"""

from collections.abc import Sequence
from contextvars import ContextVar, Token
from typing import TypeVar

T = TypeVar("T")
_MOST = 50


class Note(str):
    """What the sender is told, often with the value. `place` has where it was and what became of it, and no value.

    A value may be about a person: only the place goes into a log.
    """

    __slots__ = ("place",)

    def __new__(cls, text: str, place: str) -> "Note":
        """The note `text`."""
        made = super().__new__(cls, text)
        made.place = place
        return made

    place: str


_collected: ContextVar[list[Note] | None] = ContextVar("notes", default=None)


class collecting:  # noqa: N801 - it reads as a word: `with collecting() as notes`
    """Collects the notes of the block. Of what a block inside collects, this one sees nothing.

    `found` are those of an earlier block, to which this one's are added.
    """

    __slots__ = ("_found", "_token")
    _token: Token[list[Note] | None]

    def __init__(self, found: list[Note] | None = None) -> None:
        self._found = [] if found is None else found

    def __enter__(self) -> list[Note]:
        self._token = _collected.set(self._found)
        return self._found

    def __exit__(self, *_: object) -> None:
        _collected.reset(self._token)


def note(where: str, problem: str, became: str = "left out") -> None:
    """Tells whoever collects that the value at the path `where` was not taken as it was sent, but `became` so."""
    found = _collected.get()
    if found is None or len(found) > _MOST:
        return
    if len(found) == _MOST:
        found.append(Note("there is more that was not taken as it was sent", "and more"))
    else:
        found.append(Note(f"{where}: {problem}", f"{where} ({became})"))


def cut(values: Sequence[T], most: int, where: str) -> Sequence[T]:
    """At most the first `most` of `values`; a note says if there are more."""
    if len(values) <= most:
        return values
    note(where, f"has {len(values)} entries; the first {most} were taken", "cut")
    return values[:most]
