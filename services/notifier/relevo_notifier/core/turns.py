"""Whose turn it is: how many messages of each subqueue go next. Pure.

A subqueue is what waits of one shop, for one purpose and destination. Transactional messages go first; shops take
turns, whatever each has waiting.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from msgspec import Struct

from relevo_notifier.core.limits import Bucket, BucketKey, Limit

_FIRST = "transactional"


class Subqueue(Struct, frozen=True):
    """Messages of one shop, purpose and destination; the first of them is due then."""

    purpose: str
    destination: str
    shop: str
    due: datetime

    @property
    def urgent(self) -> bool:
        """Whether they pass before others."""
        return self.purpose == _FIRST


Amounts = Mapping[Subqueue, int]
"""How many of each subqueue."""


class Denied(Struct, frozen=True):
    """The limit that keeps back what `shop` has in a subqueue."""

    subqueue: Subqueue
    limit: Limit

    @property
    def bucket(self) -> BucketKey:
        """The bucket that is full."""
        return self.limit.bucket(self.subqueue.shop)


class Shares(Struct, frozen=True):
    """How many of each subqueue may go, which limits keep others back, and the shop that had the last turn."""

    granted: Amounts
    denied: Sequence[Denied]
    last: str


class Account(Struct):
    """What is free under the limits of a provider, as it is given away. `paces` says how many may go to destinations
    that asked for less.
    """

    limits: Sequence[Limit]
    buckets: Mapping[BucketKey, Bucket]
    now: datetime
    paces: Mapping[str, int] = {}
    used: dict[BucketKey, int] = {}
    begun: dict[str, int] = {}

    def use(self, subqueue: Subqueue, messages: int) -> None:
        """So many of a subqueue go out; fewer than none do not after all."""
        for limit in self._of(subqueue):
            key = limit.bucket(subqueue.shop)
            self.used[key] = self.used.get(key, 0) + messages
        if subqueue.destination in self.paces:
            self.begun[subqueue.destination] = self.begun.get(subqueue.destination, 0) + messages

    def is_slowed(self, subqueue: Subqueue) -> bool:
        """Whether its destination asked for less, and nothing more may go there now."""
        most = self.paces.get(subqueue.destination)
        return most is not None and self.begun.get(subqueue.destination, 0) >= most

    def full(self, subqueue: Subqueue) -> Limit | None:
        """The limit under which nothing more of a subqueue may go."""
        for limit in self._of(subqueue):
            key = limit.bucket(subqueue.shop)
            if limit.free(self.buckets.get(key), self.now) - self.used.get(key, 0) < 1:
                return limit
        return None

    def filled(self, denied: Iterable["Denied"]) -> dict[BucketKey, Bucket]:
        """The buckets that were asked, as they are now."""
        of = {limit.name: limit for limit in self.limits}
        asked = dict.fromkeys([*self.used, *(one.bucket for one in denied)])
        return {key: of[key[1]].filled(self.buckets.get(key), self.used.get(key, 0), self.now) for key in asked}

    def _of(self, subqueue: Subqueue) -> Iterable[Limit]:
        return (limit for limit in self.limits if limit.concerns(subqueue.shop, subqueue.destination))


def shares(subqueues: Sequence[Subqueue], room: int, account: Account, after: str = "") -> Shares:
    """How many of each subqueue go, `room` at most, which `account` notes as used.

    Among the subqueues of one rank each shop gets one in turn, beginning with the one that comes after `after`.
    """
    granted: dict[Subqueue, int] = {}
    denied: list[Denied] = []
    for urgent in (True, False):
        turns = deque(_turns([subqueue for subqueue in subqueues if subqueue.urgent is urgent], after))
        while turns and room > 0:
            mine = turns.popleft()
            _drop_full(mine, account, denied)
            if not mine:
                continue
            subqueue = mine[0]
            account.use(subqueue, 1)
            granted[subqueue] = granted.get(subqueue, 0) + 1
            room, after = room - 1, subqueue.shop
            mine.rotate(-1)
            turns.append(mine)
    return Shares(granted, denied, after)


def _turns(subqueues: Sequence[Subqueue], after: str) -> list[deque[Subqueue]]:
    """The subqueues by shop, in the order of their turns; those of a shop with the one that waits longest first."""
    ordered = sorted(subqueues, key=lambda subqueue: (subqueue.shop <= after, subqueue.shop, subqueue.due))
    return [deque(group) for _, group in groupby(ordered, key=lambda subqueue: subqueue.shop)]


def _drop_full(mine: deque[Subqueue], account: Account, denied: list[Denied]) -> None:
    """Take out the subqueues of which nothing may go, up to the first of which something may."""
    while mine:
        limit = account.full(mine[0])
        if limit is not None:
            denied.append(Denied(mine.popleft(), limit))
        elif account.is_slowed(mine[0]):
            mine.popleft()
        else:
            return
