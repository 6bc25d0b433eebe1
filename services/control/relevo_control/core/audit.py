"""The audit log: entries whose hashes form a chain, so that what is changed or taken out shows. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, structs

START = "0" * 64
"""What comes before the first entry."""
_encode = msgspec.json.Encoder().encode


class Entry(Struct, frozen=True, kw_only=True):
    """Who did what, when, from where, and what came of it. No secrets, and nothing about customers."""

    shop: str
    at: datetime
    actor: str
    means: str
    address: str
    action: str
    object: str
    outcome: str


class Anchor(Struct, frozen=True, order=True):
    """That there was an entry, kept elsewhere: whoever cuts a chain off, or writes it anew, can't change this."""

    shop: str
    number: int
    hash: str


class Chained(Entry, frozen=True, kw_only=True):
    """An entry in its place."""

    number: int
    hash: str

    @property
    def anchor(self) -> Anchor:
        """What is kept of it elsewhere."""
        return Anchor(self.shop, self.number, self.hash)


def chained(entry: Entry, number: int, before: str) -> Chained:
    """The entry with its number, after the one whose hash is `before`."""
    return Chained(**structs.asdict(entry), number=number, hash=_hash(entry, number, before))


def faults(chain: Iterable[Chained]) -> Iterator[str]:
    """What is wrong with the chain of one shop, in the order of its numbers: entries that changed or are not there."""
    before, expected = START, 1
    for one in chain:
        if one.number != expected:
            yield f"{one.shop}: {_gone(expected, one.number - 1)}"
        elif one.hash != _hash(one, one.number, before):
            yield f"{one.shop}: entry {one.number} was changed, or the one before it"
        before, expected = one.hash, one.number + 1


def unanchored(anchors: Iterable[Anchor], found: Mapping[tuple[str, int], str]) -> Iterator[str]:
    """Which entries that were written are not there, or are others, by the hashes that are `found` in their places."""
    for one in sorted(set(anchors)):
        there = found.get((one.shop, one.number))
        if there is None:
            yield f"{one.shop}: entry {one.number} was written and is gone: the chain was cut off"
        elif there != one.hash:
            yield f"{one.shop}: entry {one.number} is another one than was written: the chain was written anew"


def anchors_in(text: str) -> list[Anchor]:
    """The anchors in lines of control's log, or in what `relevo audit --check --json` printed; other lines are skipped.

    Raises `ValueError` if there is none: that nothing speaks against a chain would else be taken for a proof.
    """
    try:
        found = [msgspec.json.decode(text, type=_Ends).ends]
    except (msgspec.DecodeError, UnicodeError):
        found = [_of_line(line) for line in text.splitlines()]
    every = [one for some in found for one in some]
    if not every:
        raise ValueError("it has no entry of the audit log")
    return every


class _Ends(Struct):
    ends: list[Anchor]


class _Line(Struct):
    audit: Anchor


def _of_line(line: str) -> list[Anchor]:
    try:
        return [msgspec.json.decode(line[line.find("{") :], type=_Line).audit]
    except (msgspec.DecodeError, UnicodeError):
        return []


def _gone(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


def _hash(entry: Entry, number: int, before: str) -> str:
    row = (before, entry.shop, number, entry.at.astimezone(UTC).isoformat(), entry.actor, entry.means)
    return hashlib.sha256(_encode((*row, entry.address, entry.action, entry.object, entry.outcome))).hexdigest()
