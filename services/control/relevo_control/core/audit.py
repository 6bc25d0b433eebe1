"""The audit log: entries whose hashes form a chain, so that what is changed or taken out shows. Pure."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

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


class Chained(Entry, frozen=True, kw_only=True):
    """An entry in its place."""

    number: int
    hash: str


def chained(entry: Entry, number: int, before: str) -> Chained:
    """The entry with its number, after the one whose hash is `before`."""
    fields = {name: getattr(entry, name) for name in Entry.__struct_fields__}
    return Chained(**fields, number=number, hash=_hash(entry, number, before))


def faults(chain: Iterable[Chained]) -> Iterator[str]:
    """What is wrong with the chain of one shop, in the order of its numbers: entries that changed or are not there."""
    before, expected = START, 1
    for one in chain:
        if one.number != expected:
            yield f"{one.shop}: {_gone(expected, one.number - 1)}"
        elif one.hash != _hash(one, one.number, before):
            yield f"{one.shop}: entry {one.number} was changed, or the one before it"
        before, expected = one.hash, one.number + 1


def _gone(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


def _hash(entry: Entry, number: int, before: str) -> str:
    row = (before, entry.shop, number, entry.at.astimezone(UTC).isoformat(), entry.actor, entry.means)
    return hashlib.sha256(_encode((*row, entry.address, entry.action, entry.object, entry.outcome))).hexdigest()
