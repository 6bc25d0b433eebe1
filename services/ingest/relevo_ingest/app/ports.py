"""What the use cases need of the world outside: each protocol is implemented by one adapter."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from relevo_ingest.core.aliases import Alias, Lookup
from relevo_ingest.core.drafts import Finished, Limits
from relevo_ingest.core.states import StateQuery, StateView

Message = tuple[bytes, bytes]
"""The partition key and the value of a message on Kafka."""


class MergingKeys(Protocol):
    """What merging needs of the keys."""

    async def known(self, shop: str, names: Sequence[Alias]) -> list[str]:
        """The keys that these names have; raises `Busy`."""
        ...

    async def merge(self, shop: str, merged: Sequence[str], kept: str) -> None:
        """All names of the `merged` keys lead to `kept` from now on; raises `Busy`."""
        ...


class Keys(MergingKeys, Protocol):
    """Finds and makes the keys of persons and products."""

    async def key(self, lookup: Lookup) -> str:
        """The key; raises `Busy` if it can't be found now."""
        ...


class States(Protocol):
    """Keeps the last known state of entities."""

    async def observe(self, questions: Sequence[StateQuery]) -> list[StateView]:
        """What is known of each, with what the message tells kept; raises `Busy` if it can't be asked now."""
        ...


class EventLog(Protocol):
    """Where events are stored. Each call returns once everything is acknowledged, or raises `Busy`."""

    async def events(self, messages: Sequence[Message]) -> None: ...  # noqa: D102 - the class says it

    async def unrecognised(self, message: Message) -> None: ...  # noqa: D102 - the class says it


class Erasures(Protocol):
    """Where events that erase wait until they can no longer be taken back."""

    async def postpone(self, finished: Sequence[Finished], due: datetime, request: str) -> None:
        """Keeps them until `due`; if those of the same `request` wait or were taken back, these stay as they are.

        Raises `Busy`.
        """
        ...


class Ids(Protocol):
    """Remembers which content came with which id."""

    async def used_otherwise(self, shop: str, digests: Mapping[str, bytes], now: datetime) -> Sequence[str]:
        """Those of the ids that came before with another digest; if there are none, all are kept. Raises `Busy`."""
        ...


class Counters(Protocol):
    """Counts what was malformed. A header may name any topic: only those that a platform has may become labels."""

    def unrecognised(self, shop: str, topic: str, kind: str) -> None: ...  # noqa: D102 - the class says it

    def left_out(self, shop: str, topic: str, notes: Sequence[str]) -> None: ...  # noqa: D102 - the class says it


class IngestDependencies(Struct, frozen=True):
    """What a use case works with. `budget` is how many seconds of wall-clock time storing may take.

    `erasing_after` is how long (by the clock) a webhook's event that erases waits.
    """

    keys: Keys
    states: States
    log: EventLog
    erasures: Erasures
    ids: Ids
    counters: Counters
    limits: Limits
    budget: float
    erasing_after: timedelta = timedelta(hours=24)
