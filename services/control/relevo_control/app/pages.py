"""Lists in pages."""

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
MOST = 1000
"""Most items of one page."""


class Page(Struct, Generic[T], frozen=True):
    """Some of a list, in its order; `next` is what to give as `after` for those that follow, empty at the end."""

    items: list[T]
    next: str = ""
