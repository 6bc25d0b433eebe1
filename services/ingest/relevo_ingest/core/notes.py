"""Notes on what was not taken as it was sent: which value, where, and why. Nothing is left out in silence.

Readers of a connector are plain functions of a body; whoever calls them collects what they note on the way.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
_MOST = 50
_collected: ContextVar[list[str] | None] = ContextVar("notes", default=None)


@contextmanager
def collecting() -> Iterator[list[str]]:
    """Collects the notes of the block. Of what a block inside collects, this one sees nothing."""
    found: list[str] = []
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


def note(where: str, problem: str) -> None:
    """Tells whoever collects that the value at the path `where` was not taken as it was sent."""
    found = _collected.get()
    if found is None or len(found) > _MOST:
        return
    found.append(f"{where}: {problem}" if len(found) < _MOST else "there is more that was not taken as it was sent")


def cut(values: Sequence[T], most: int, where: str) -> Sequence[T]:
    """At most the first `most` of `values`; a note says if there are more."""
    if len(values) <= most:
        return values
    note(where, f"has {len(values)} entries; the first {most} were taken")
    return values[:most]
