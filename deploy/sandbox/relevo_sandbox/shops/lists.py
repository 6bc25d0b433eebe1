"""A shop system that is asked what changed: lists of rows, and which of their changes nobody has read yet."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from relevo_sandbox.shops.server import ShopApi

Row = Mapping[str, Any]


class ChangingLists(ShopApi):
    """Rows by list and id. A subclass calls `read` with what it answers when it is asked what changed."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, dict[str, Row]] = {}
        self._unread: dict[tuple[str, str], datetime] = {}

    def has(self, name: str, rows: Iterable[Row]) -> None:
        """Rows that were always there."""
        self._rows.setdefault(name, {}).update((str(row["id"]), row) for row in rows)

    def change(self, name: str, number: str, row: Row, at: datetime, *, asked: bool = True) -> None:
        """The row is so from now on; `asked` if its list is one of those that are asked what changed."""
        self._rows.setdefault(name, {})[number] = row
        if asked:
            self._unread.setdefault((name, number), at)

    def rows(self, name: str) -> list[Row]:
        """Those of a list."""
        return list(self._rows.get(name, {}).values())

    def read(self, name: str, numbers: Iterable[str]) -> None:
        """Somebody who asked what changed has these rows now."""
        for number in numbers:
            self._unread.pop((name, number), None)

    def unread(self) -> datetime | None:
        """Since when there has been a change that nobody has read."""
        return min(self._unread.values(), default=None)
