"""Deterministic bucketing: the same name always falls on the same point between 0 and 1. Nothing is random."""

from collections.abc import Sequence
from hashlib import blake2b

_WHOLE = 2**64


def bucket_point(*names: str) -> float:
    """A number from 0 (included) to 1 (excluded) that depends on `names` only, evenly spread."""
    return int.from_bytes(_digest(names, 8)) / _WHOLE


def stable_id(*names: str) -> str:
    """24 hexadecimal digits that depend on `names` only; two of 10^12 meet with a probability of 10^-5."""
    return _digest(names, 12).hex()


def pick_weighted(weights: Sequence[int], at: float) -> int:
    """The index of the weight under `at` (0 to 1), when the weights lie one after another."""
    point, total = at * sum(weights), 0
    for index, weight in enumerate(weights):
        total += weight
        if point < total:
            return index
    return len(weights) - 1


def _digest(names: Sequence[str], size: int) -> bytes:
    return blake2b("\0".join(names).encode(), digest_size=size).digest()
