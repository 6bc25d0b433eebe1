"""How far a list that is asked for again and again was read, and when a shop is asked next."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from relevo_contracts.payloads import Instant
from relevo_ingest.connectors.platform_api import ApiRequest, Page
from relevo_ingest.core.normalise import digest

_MOST_SEEN = 1000
_DOUBLINGS = 20


class Updated(Protocol):
    """A record of a list, as far as the cursor needs it."""

    @property
    def id(self) -> str: ...  # noqa: D102 - the class says it, as of all of these
    @property
    def body(self) -> bytes: ...  # noqa: D102
    @property
    def updated(self) -> datetime: ...  # noqa: D102


R = TypeVar("R", bound=Updated)


class Seen(Struct, frozen=True, array_like=True):
    """A record that was read: when it was updated, and the digest of what it said."""

    updated: Instant
    digest: str


class Cursor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a list was read, by the time of its records; `seen` are those near that end, by their ids.

    `following` asks for the next page, if the list was not read to its end yet.
    """

    read_to: Instant
    seen: Mapping[str, Seen] = {}
    following: ApiRequest | None = None

    def since(self, overlap: timedelta) -> datetime:
        """From where it is read again: what a slow transaction stored late has an earlier time than what was read."""
        return self.read_to - overlap

    def news(self, records: Iterable[R]) -> list[R]:
        """Those that were not read as they are now."""
        return [one for one in records if not self._has(one)]

    def after(self, page: Page, now: datetime, overlap: timedelta) -> "Cursor":
        """The cursor once `page` was read. A time in the future is one of a wrong clock: it skips nothing."""
        read_to = max([self.read_to, *(min(one.updated, now) for one in page.records)])
        seen = {**self.seen, **{one.id: Seen(one.updated, _content(one)) for one in page.records}}
        near = sorted(
            ((name, one) for name, one in seen.items() if one.updated >= read_to - overlap),
            key=lambda entry: entry[1].updated,
        )
        return Cursor(read_to=read_to, seen=dict(near[-_MOST_SEEN:]), following=page.following)

    def _has(self, record: Updated) -> bool:
        known = self.seen.get(record.id)
        return known is not None and known.updated == record.updated and known.digest == _content(record)


class Pace(Struct, frozen=True, kw_only=True):
    """How often a shop is asked, in wall-clock time: each `interval`; after failures ever more rarely."""

    interval: timedelta = timedelta(seconds=60)
    first_pause: timedelta = timedelta(seconds=30)
    longest_pause: timedelta = timedelta(minutes=15)

    def next(self, failures: int, asked: timedelta | None, jitter: float, *, permanent: bool = False) -> timedelta:
        """How long until the next turn, after so many failed ones in a row; `asked` is what the shop wants at least.

        `jitter` in [0, 1) spreads shops that failed together.
        """
        if not failures:
            return self.interval
        doubled = self.first_pause * 2 ** min(failures - 1, _DOUBLINGS)
        pause = self.longest_pause if permanent else min(doubled, self.longest_pause)
        return max(pause * (0.5 + 0.5 * jitter), asked or timedelta(0))


def _content(record: Updated) -> str:
    return digest(record.body.decode(errors="replace"))[:16]
