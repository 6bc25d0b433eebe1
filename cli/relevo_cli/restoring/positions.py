"""Up to where the database has what a partition holds. Pure: who looks at a page is a parameter.

A group commits the effects of a partition in the order of its records. So somewhere in it is the record before which
the database has everything, and after which it has nothing; it is found by halving, whatever the topic's length.
Single records are exceptions: who was erased can't be opened, and shops send the same again much later. So a page
counts by the most of its records.
"""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

PAGE = 100


class Looked(Struct, frozen=True):
    """A record at an offset, and whether the database has its effects; None where that can't be known of it."""

    offset: int
    taken: bool | None


Look = Callable[[int], Awaitable[Sequence[Looked]]]
"""The records from an offset on, `PAGE` of them at most; none at the end."""


async def taken_until(begin: int, end: int, look: Look) -> int:
    """The offset before which the database has everything, between `begin` and `end`.

    If in doubt it is an earlier one: to read again is harmless, to leave out is not.
    """
    low, high = begin, end
    while high - low > PAGE:
        middle = (low + high) // 2
        if _mostly_taken(await look(middle)):
            low = middle
        else:
            high = middle
    first = max(begin, low - PAGE)
    return _boundary(first, await _range(first, min(end, high + PAGE), look))


async def _range(begin: int, end: int, look: Look) -> list[Looked]:
    found: list[Looked] = []
    while begin < end and (page := await look(begin)):
        found += [one for one in page if one.offset < end]
        begin = page[-1].offset + 1
    return found


def _mostly_taken(page: Sequence[Looked]) -> bool:
    known = [one.taken for one in page if one.taken is not None]
    return sum(known) * 2 > len(known)


def _boundary(first: int, records: Sequence[Looked]) -> int:
    last = max((place for place, one in enumerate(records) if one.taken), default=-1)
    missing = (one.offset for one in records[: last + 1] if one.taken is False)
    return next(missing, records[last].offset + 1 if last >= 0 else first)
