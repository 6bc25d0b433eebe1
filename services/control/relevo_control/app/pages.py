"""Lists in pages, by keyset: a cursor names the place of the last item that was shown, never a count of items.

So what is added or goes while somebody turns the pages moves nothing: what was there all along is shown once. For that
a place is made of fields that never change.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct, structs

from relevo_control.app.errors import OperationError
from relevo_runtime.storable import storable_json

T = TypeVar("T")
P = TypeVar("P", bound=tuple[Any, ...])
MOST = 1000
"""Most items of one page."""
Moment = Annotated[datetime, Meta(tz=True)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Page(Struct, Generic[T], frozen=True):
    """Some of a list, in its order; `next` is the `cursor` of those that follow, empty at the end.

    A page of what is looked for among other things may have less than was asked for, or nothing, and not be the last.
    """

    items: list[T]
    next: str = ""


class Items(Struct, Generic[T], frozen=True):
    """A list that is whole."""

    items: list[T]


class Turn(Struct, Generic[P], frozen=True, kw_only=True):
    """Which page of a list is wanted: up to `limit` items after the place `after` (`None`: the first ones)."""

    listed: str
    limit: int
    after: P | None = None

    def page(self, found: Sequence[T], place: Callable[[T], P], *, looked: P | None = None) -> Page[T]:
        """The page, of items in their order that begin after the cursor; `found` may have more than it takes.

        `looked` is the place up to which was looked, if more may come after that.
        """
        items = list(found[: self.limit])
        last = place(items[-1]) if len(found) > self.limit else looked
        return Page(items, "" if last is None else cursor(self.listed, last))


async def every(kind: type[P], ask: Callable[[Turn[P]], Awaitable[Page[T]]]) -> list[T]:
    """All items of a list, whose places are of this kind, page by page."""
    found: list[T] = []
    turn: Turn[P] = Turn(listed="every", limit=MOST)
    while True:
        page = await ask(turn)
        found += page.items
        if not page.next:
            return found
        turn = structs.replace(turn, after=place_of(page.next, turn.listed, kind))


def cursor(listed: str, place: tuple[Any, ...]) -> str:
    """The cursor of a place in the list of this name."""
    return urlsafe_b64encode(msgspec.json.encode([listed, *place])).decode().rstrip("=")


def place_of(text: str, listed: str, kind: type[P]) -> P:
    """The place that a cursor of this list names. Raises `OperationError` for any other text."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        name, *fields = msgspec.json.decode(storable_json(raw), type=list[Any])
        if name != listed:
            raise ValueError(f"a cursor of {name!r}")
        found = msgspec.convert(fields, kind)
        return tuple(one.astimezone(UTC) if isinstance(one, datetime) else one for one in found)  # type: ignore[return-value]
    except (ValueError, OverflowError, RecursionError) as error:
        raise OperationError("give what was `next` of the page before, of the same list") from error
