"""What the use cases need of the outside: Kafka, the catalog and the tables. `adapters` implement each of them.

A `Connection` is one transaction, or a series of short ones; only adapters know what statements run in it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from relevo_contracts.envelope import Event
from relevo_contracts.messages import WakeUp
from relevo_engine.core.batch import DecisionRow, Definitions
from relevo_engine.core.fanout import ClaimedFanout, Cursor, Fanout
from relevo_engine.core.in_flight import LockedRun, RestingPlace, RunExample, RunScope
from relevo_engine.core.merging import SubjectKey
from relevo_engine.core.tasks import Member, Revised, Task, TaskChanges
from relevo_engine.core.waiting import Waiting
from relevo_runtime.outgoing import Outgoing, Timer
from relevo_runtime.postgres import Connection
from relevo_runtime.records import Record
from relevo_workflow import Definition, Facts, Run, Shop, Subject


class Publisher(Protocol):
    """Kafka, as the engine writes to it."""

    def partition_of(self, key: bytes) -> int:
        """On which partition of any topic the messages of `key` are."""
        ...

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """Returns when Kafka has acknowledged all of these. Raises `PublishError`."""
        ...


class DeadLetters(Protocol):
    """Where records go that can never be processed."""

    async def put(self, record: Record, reason: str) -> None:
        """Put `record` aside. Raises `PublishError`."""
        ...


class DefinitionSource(Protocol):
    """The compiled definitions of what is deployed."""

    @property
    def revision(self) -> int:
        """The revision of the catalog that was read last."""
        ...

    @property
    def shops(self) -> Collection[str]:
        """The names of the shops that the catalog has."""
        ...

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Stored versions that this release can't compile, each with workflow and reason."""
        ...

    @property
    def refused(self) -> Mapping[str, str]:
        """Stored versions that run, though they could not be deployed any more, each with workflow and reason."""
        ...

    def of_shop(self, shop: str) -> Definitions:
        """The definitions of a shop, without those that only old runs use."""
        ...

    async def refresh(self, conn: Connection) -> bool:
        """Reads the catalog anew if it changed; returns whether it did."""
        ...

    async def for_subjects(self, conn: Connection, subjects: Iterable[Subject]) -> Mapping[str, Definitions]:
        """The definitions of each shop of `subjects`, with every version that their runs are pinned to."""
        ...


class StoredDefinitions(Protocol):
    """The catalog, for those who move runs from one version to another."""

    async def shop_facts_of_all(self, connection: Connection) -> dict[str, Shop]:
        """What expressions may name of each shop, by its name."""
        ...

    async def stored(self, connection: Connection, version: str) -> Definition | None:
        """A stored version, compiled; None if this release can't compile it. Raises `DefinitionUnknown`."""
        ...


class SubjectStore(Protocol):
    """Inbox, facts, runs and decisions."""

    async def lock_partitions(self, conn: Connection, partitions: Collection[int]) -> None:
        """Waits until no other transaction works on these Kafka partitions; held until the end of the transaction."""
        ...

    async def admit(self, conn: Connection, ids: Sequence[bytes], now: datetime) -> set[bytes]:
        """Puts the ids (16 bytes) into the inbox and returns those that were not there before."""
        ...

    async def forget(self, conn: Connection, ids: Sequence[bytes]) -> None:
        """Takes ids out of the inbox again."""
        ...

    async def load_subjects(
        self, conn: Connection, keys: Set[SubjectKey], *, facts_of: Set[SubjectKey] = frozenset()
    ) -> dict[SubjectKey, Subject]:
        """What is known of each key, with its active runs, which are locked; of `facts_of` the facts alone."""
        ...

    async def save_customers(self, conn: Connection, customers: Mapping[SubjectKey, tuple[Facts, datetime]]) -> None:
        """Writes the facts of each key, new or changed."""
        ...

    async def save_runs(self, conn: Connection, runs: Mapping[tuple[str, str], tuple[str, Run]], now: datetime) -> None:
        """Writes each run as it is now: (shop, run id) to (customer key, run)."""
        ...

    async def append_decisions(self, conn: Connection, rows: Sequence[DecisionRow], now: datetime) -> None:
        """Appends what was decided and why."""
        ...


class MergeStore(Protocol):
    """Which keys stand for others, and what moves with them."""

    async def merged_into(self, conn: Connection, keys: Collection[SubjectKey]) -> dict[SubjectKey, str]:
        """Of these keys those that were merged, with the key that stands for them now."""
        ...

    async def earlier_keys(self, conn: Connection, keys: Collection[SubjectKey]) -> list[SubjectKey]:
        """The keys that these customers had before."""
        ...

    async def move(self, conn: Connection, merges: Mapping[SubjectKey, str], at: datetime) -> list[Waiting]:
        """What is kept of the merged customers is the kept ones'; returns what their runs wait for."""
        ...


class WaitingStore(Protocol):
    """Which run waits for which product, and the newest event of each."""

    async def leave(self, conn: Connection, runs: Collection[tuple[str, str]]) -> None:
        """These (shop, run id) wait for nothing any more."""
        ...

    async def register(self, conn: Connection, rows: Sequence[Waiting]) -> list[Outgoing]:
        """These runs wait; returns what has happened meanwhile, as messages to them."""
        ...

    async def remember(self, conn: Connection, events: Sequence[Event]) -> None:
        """Keeps the newest of these events about products."""
        ...

    async def wait_for_registering(self, conn: Connection, keys: Collection[tuple[str, str]]) -> None:
        """Returns once everybody has committed who was registering for one of these (shop, event key)."""
        ...


class FanoutStore(Protocol):
    """The fan-outs that are not at their end. A lease keeps one to one engine."""

    async def put(self, conn: Connection, fanouts: Sequence[Fanout]) -> None:
        """Begins these, in the transaction of what they tell."""
        ...

    async def want_refresh(
        self, conn: Connection, fingerprints: Mapping[str, str], now: datetime, after: timedelta
    ) -> None:
        """Begins one over each shop whose fingerprint is another than the last time, `after` wall time from now."""
        ...

    async def claim(self, conn: Connection, lease: timedelta, limit: int) -> list[ClaimedFanout]:
        """Those that nobody works on, the oldest first, for `lease` of wall time."""
        ...

    async def advance(self, conn: Connection, moved: Sequence[tuple[ClaimedFanout, Cursor]]) -> None:
        """Notes how far these have come and frees them."""
        ...

    async def finish(self, conn: Connection, fanouts: Sequence[ClaimedFanout]) -> None:
        """These are at their end."""
        ...

    async def without_waiters(self, conn: Connection, fanouts: Sequence[ClaimedFanout]) -> set[int]:
        """The numbers of those about events that nobody waits for."""
        ...

    async def waiters(self, conn: Connection, fanout: ClaimedFanout, limit: int) -> list[Cursor]:
        """The next (customer, run) who wait for its event."""
        ...

    async def customers(
        self, conn: Connection, fanout: ClaimedFanout, limit: int, *, facts: bool
    ) -> list[tuple[str, Facts]]:
        """The next customers of its shop; without `facts` these are empty."""
        ...


class TaskStore(Protocol):
    """The tasks of the staff."""

    async def save(self, conn: Connection, changes: TaskChanges) -> None:
        """Writes what a batch does to tasks, and gives new and escalated ones to somebody."""
        ...

    async def revise(self, conn: Connection, tasks: Sequence[Revised]) -> None:
        """Lets open tasks ask for what the new version of their runs asks for."""
        ...

    async def find_task(self, conn: Connection, task_id: str, *, shop: str = "") -> Task | None:
        """A task by its id."""
        ...

    async def member(self, conn: Connection, shop: str, name: str) -> Member | None:
        """Someone of the staff."""
        ...


class PrivacyStore(Protocol):
    """What people asked for, with its proof."""

    async def keep_erasures(self, connection: Connection, erasures: Sequence[Event]) -> None:
        """That these people were erased."""
        ...

    async def keep_requests(self, connection: Connection, requests: Sequence[Event]) -> None:
        """That these people asked for their data."""
        ...


class ErasureStore(Protocol):
    """Takes out what the tables keep of people."""

    async def erase(
        self, connection: Connection, people: Collection[SubjectKey], merged: Collection[SubjectKey]
    ) -> None:
        """Deletes the rows of these customers and of the `merged` ones for whom they stand, but facts and tasks."""
        ...

    async def erase_rest(self, connection: Connection, shop: str, before: datetime) -> bool:
        """Deletes a page of what is left of an erased shop; says whether there may be more."""
        ...


class InFlightStore(Protocol):
    """The runs in flight of a workflow, for those who change it."""

    async def resting(self, conn: Connection, scope: RunScope) -> dict[RestingPlace, int]:
        """How many runs rest where."""
        ...

    async def examples(
        self, conn: Connection, scope: RunScope, places: Sequence[RestingPlace], limit: int
    ) -> list[RunExample]:
        """Some of the runs that rest at `places`, the oldest first."""
        ...

    async def take(
        self, conn: Connection, scope: RunScope, version: str, staying: Collection[str], limit: int
    ) -> list[LockedRun]:
        """Locks up to `limit` runs of `version` that nobody else holds and that are not `staying`."""
        ...


class TimerStore(Protocol):
    """The wake-ups that are wanted."""

    async def set_timers(self, connection: Connection, timers: Sequence[Timer]) -> None:
        """Arms these; one that is armed already is moved."""
        ...

    async def arm_missing(self, connection: Connection, timers: Sequence[Timer]) -> None:
        """Arms those that are not armed."""
        ...

    async def rekey_timers(self, connection: Connection, keys: Mapping[tuple[str, str], str]) -> None:
        """The timers `(shop, timer id)` wake these keys from now on."""
        ...

    async def cancel_timers(self, connection: Connection, ids: Sequence[tuple[str, str]]) -> None:
        """Disarms the timers `(shop, timer id)`."""
        ...

    async def consume_timers(self, connection: Connection, fired: Sequence[WakeUp]) -> None:
        """These wake-ups were handled: their timers don't come back."""
        ...

    async def announce(self, connection: Connection, due_at: datetime) -> None:
        """Tells sleeping schedulers that a timer was armed; outside of the transaction that armed it."""
        ...


class OutboxStore(Protocol):
    """The messages that a transaction decided, until Kafka has them."""

    async def put(self, connection: Connection, messages: Sequence[Outgoing]) -> list[int]:
        """Keeps `messages`; returns their numbers."""
        ...

    async def delete(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Kafka has these."""
        ...


class Stores(Struct, frozen=True, kw_only=True):
    """All that the engine keeps."""

    subjects: SubjectStore
    merges: MergeStore
    waiting: WaitingStore
    fanouts: FanoutStore
    tasks: TaskStore
    privacy: PrivacyStore
    erasure: ErasureStore
    in_flight: InFlightStore
    timers: TimerStore
    outbox: OutboxStore
