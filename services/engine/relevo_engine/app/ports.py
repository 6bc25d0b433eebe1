"""What the use cases need of the outside: Kafka, the catalog and the tables. `adapters` implement each of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from relevo_contracts.staff import Member, TaskRef
from relevo_engine.core.batch import Changes, DecisionRow, Definitions
from relevo_engine.core.catalogue import ProductKey
from relevo_engine.core.fanout import ClaimedFanout, Cursor
from relevo_engine.core.in_flight import LockedRun, RestingPlace, RunExample, RunScope
from relevo_engine.core.merging import SubjectKey
from relevo_engine.core.notices import Notice
from relevo_engine.core.recommendations import Asked, Offered
from relevo_engine.core.tasks import Revised, Task
from relevo_runtime.outgoing import Outgoing, Timer
from relevo_runtime.records import Record
from relevo_workflow import Definition, Facts, Product, Run, Shop, Subject


class Session(Protocol):
    """The way to the tables of one use case: one transaction, or a series of short ones.

    Only adapters know what it is and what statements run in it; a use case hands it on from where it got it.
    """

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """What is done in the block is committed as a whole, or undone if the block raises."""
        ...


SessionT = TypeVar("SessionT", bound=Session)
SessionT_co = TypeVar("SessionT_co", bound=Session, covariant=True)
SessionT_contra = TypeVar("SessionT_contra", bound=Session, contravariant=True)


class Sessions(Protocol[SessionT_co]):
    """Where sessions come from."""

    def acquire(self) -> AbstractAsyncContextManager[SessionT_co]:
        """A session for as long as the block."""
        ...


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


class DefinitionSource(Protocol[SessionT_contra]):
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

    async def refresh(self, conn: SessionT_contra) -> bool:
        """Reads the catalog anew if it changed; returns whether it did."""
        ...

    async def for_subjects(self, conn: SessionT_contra, subjects: Iterable[Subject]) -> Mapping[str, Definitions]:
        """The definitions of each shop of `subjects`, with every version that their runs are pinned to."""
        ...


class StoredDefinitions(Protocol[SessionT_contra]):
    """The catalog, for those who move runs from one version to another."""

    async def shop_facts_of_all(self, connection: SessionT_contra) -> dict[str, Shop]:
        """What expressions may name of each shop, by its name."""
        ...

    async def stored(self, connection: SessionT_contra, version: str) -> Definition | None:
        """A stored version, compiled; None if this release can't compile it. Raises `DefinitionUnknown`."""
        ...


class BatchKeys(Struct, frozen=True, kw_only=True):
    """What a batch needs to be decided: what it locks, takes and reads.

    `ids` (16 bytes each) are the messages for the inbox. Of `keys` facts and active runs are wanted, of `facts_of` the
    facts alone: their runs stay unlocked. `products` are those that it names.
    """

    partitions: Set[int]
    ids: Sequence[bytes]
    keys: Set[SubjectKey]
    facts_of: Set[SubjectKey]
    products: Set[ProductKey] = frozenset()


class Unpublished(Struct, frozen=True):
    """What a transaction has committed and Kafka has not: the messages, and the numbers of their rows in the outbox."""

    messages: Sequence[Outgoing]
    numbers: Sequence[int]


class OpenBatch(Protocol):
    """A transaction that holds the Kafka partitions of a batch, its messages and the active runs of its customers."""

    @property
    def admitted(self) -> Set[bytes]:
        """Of the ids those that were not taken before."""
        ...

    @property
    def merged(self) -> Mapping[SubjectKey, str]:
        """Of the keys those that were merged, with the key that stands for them now."""
        ...

    @property
    def products(self) -> Mapping[ProductKey, Product]:
        """Of the wanted products those that are known."""
        ...

    def subjects(self, keys: Iterable[SubjectKey]) -> dict[SubjectKey, Subject]:
        """What is known of each of the wanted keys, with its active runs, the oldest first."""
        ...

    async def definitions(self, subjects: Iterable[Subject]) -> Mapping[str, Definitions]:
        """The definitions of each shop of `subjects`, with every version that their runs are pinned to."""
        ...

    async def offer(self, asked: Sequence[Asked], now: datetime) -> Offered:
        """What messages may recommend."""
        ...

    async def write(
        self, changes: Changes, now: datetime, *, published: Sequence[int], again: Collection[bytes]
    ) -> Unpublished:
        """Writes all of it and commits; nothing can follow.

        Rows `published` leave the outbox. The ids in `again` leave the inbox: these messages are new when they come
        once more.
        """
        ...


class BatchStore(Protocol):
    """The tables that batches change, one transaction for each batch."""

    def open(self, wanted: BatchKeys, now: datetime) -> AbstractAsyncContextManager[OpenBatch]:
        """Begins the transaction; waits until no other one holds these partitions.

        Everything that was read is of a moment after that. Leaving the block without `write` undoes all of it.
        """
        ...

    async def announce(self, due_at: datetime) -> None:
        """Tells sleeping schedulers that a timer was armed; outside of the transaction that armed it."""
        ...

    async def delete_published(self, numbers: Sequence[int]) -> None:
        """Kafka has these rows of the outbox."""
        ...


class RunStore(Protocol[SessionT_contra]):
    """Runs and decisions, written outside of a batch."""

    async def save_runs(
        self, conn: SessionT_contra, runs: Mapping[tuple[str, str], tuple[str, Run]], now: datetime
    ) -> None:
        """Writes each run as it is now: (shop, run id) to (customer key, run)."""
        ...

    async def append_decisions(self, conn: SessionT_contra, rows: Sequence[DecisionRow], now: datetime) -> None:
        """Appends what was decided and why."""
        ...


class WaitingStore(Protocol[SessionT_contra]):
    """Which run waits for which product."""

    async def wait_for_registering(self, conn: SessionT_contra, keys: Collection[tuple[str, str]]) -> None:
        """Returns once everybody has committed who was registering for one of these (shop, event key)."""
        ...


class FanoutStore(Protocol[SessionT_contra]):
    """The fan-outs that are not at their end. A lease keeps one to one engine."""

    async def want_refresh(
        self, conn: SessionT_contra, fingerprints: Mapping[str, str], now: datetime, after: timedelta
    ) -> None:
        """Begins one over each shop whose fingerprint is another than the last time, `after` wall time from now."""
        ...

    async def claim(self, conn: SessionT_contra, lease: timedelta, limit: int) -> list[ClaimedFanout]:
        """Those that nobody works on, the oldest first, for `lease` of wall time."""
        ...

    async def advance(self, conn: SessionT_contra, moved: Sequence[tuple[ClaimedFanout, Cursor]]) -> None:
        """Notes how far these have come and frees them."""
        ...

    async def finish(self, conn: SessionT_contra, fanouts: Sequence[ClaimedFanout]) -> None:
        """These are at their end."""
        ...

    async def without_waiters(self, conn: SessionT_contra, fanouts: Sequence[ClaimedFanout]) -> set[int]:
        """The numbers of those about events that nobody waits for."""
        ...

    async def waiters(self, conn: SessionT_contra, fanout: ClaimedFanout, limit: int) -> list[Cursor]:
        """The next (customer, run) who wait for its event."""
        ...

    async def customers(
        self, conn: SessionT_contra, fanout: ClaimedFanout, limit: int, *, facts: bool
    ) -> list[tuple[str, Facts]]:
        """The next customers of its shop; without `facts` these are empty."""
        ...


class TaskStore(Protocol[SessionT_contra]):
    """The tasks of the staff."""

    async def revise(self, conn: SessionT_contra, tasks: Sequence[Revised], now: datetime) -> None:
        """Lets open tasks ask for what the new version of their runs asks for."""
        ...

    async def hold_staff(self, conn: SessionT_contra, shops: Collection[str]) -> None:
        """One at a time gives away tasks of these shops, until its transaction ends."""
        ...

    async def staff_of(self, conn: SessionT_contra, shops: Sequence[str]) -> list[Member]:
        """The staff of these shops, each with a time zone."""
        ...

    async def shops_with_unassigned(self, conn: SessionT_contra) -> list[str]:
        """The shops that have open tasks of nobody."""
        ...

    async def give_unassigned(self, conn: SessionT_contra, shop: str, now: datetime | None = None) -> int:
        """Gives open tasks that are nobody's to those who fit by now; how many that were."""
        ...

    async def reassign(self, conn: SessionT_contra, task: Task, now: datetime) -> str:
        """Gives an open task to whoever fits best apart from who has it; their name, empty if it stays."""
        ...

    async def find_task(self, conn: SessionT_contra, task_id: str, *, shop: str = "") -> Task | None:
        """A task by its id."""
        ...

    async def member(self, conn: SessionT_contra, shop: str, name: str) -> Member | None:
        """Someone of the staff."""
        ...


class NoticeStore(Protocol[SessionT_contra]):
    """What the staff is still to hear."""

    async def put(self, conn: SessionT_contra, notices: Sequence[Notice]) -> None:
        """Notes what the staff is to hear."""
        ...

    async def due_shops(self, conn: SessionT_contra, now: datetime) -> list[str]:
        """The shops of which something is due."""
        ...

    async def claim(self, conn: SessionT_contra, shops: Sequence[str], now: datetime, limit: int) -> list[Notice]:
        """What is due, for the transaction that asks."""
        ...

    async def delete(self, conn: SessionT_contra, notices: Collection[Notice]) -> None:
        """These are over."""
        ...

    async def without_digest(self, conn: SessionT_contra) -> list[tuple[str, str]]:
        """Those of the staff (shop, name) who have no digest ahead."""
        ...

    async def next_due(self, conn: SessionT_contra) -> datetime | None:
        """When the next one is due."""
        ...

    async def open_tasks(self, conn: SessionT_contra, refs: Collection[TaskRef]) -> dict[TaskRef, Task]:
        """These tasks, as far as they are open."""
        ...

    async def pressing_tasks(self, conn: SessionT_contra, shops: Sequence[str], before: datetime) -> list[Task]:
        """The open tasks of these shops that are due before then or never, or nobody's."""
        ...


class ErasureStore(Protocol[SessionT_contra]):
    """Takes out what the tables keep of people."""

    async def erase_rest(self, connection: SessionT_contra, shop: str, before: datetime) -> bool:
        """Deletes a page of what is left of an erased shop; says whether there may be more."""
        ...


class InFlightStore(Protocol[SessionT_contra]):
    """The runs in flight of a workflow, for those who change it."""

    async def resting(self, conn: SessionT_contra, scope: RunScope) -> dict[RestingPlace, int]:
        """How many runs rest where."""
        ...

    async def examples(
        self, conn: SessionT_contra, scope: RunScope, places: Sequence[RestingPlace], limit: int
    ) -> list[RunExample]:
        """Some of the runs that rest at `places`, the oldest first."""
        ...

    async def take(
        self, conn: SessionT_contra, scope: RunScope, version: str, staying: Collection[str], limit: int
    ) -> list[LockedRun]:
        """Locks up to `limit` runs of `version` that nobody else holds and that are not `staying`."""
        ...


class TimerStore(Protocol[SessionT_contra]):
    """The wake-ups that are wanted."""

    async def set_timers(self, connection: SessionT_contra, timers: Sequence[Timer]) -> None:
        """Arms these; one that is armed already is moved."""
        ...

    async def arm_missing(self, connection: SessionT_contra, timers: Sequence[Timer]) -> None:
        """Arms those that are not armed."""
        ...

    async def cancel_timers(self, connection: SessionT_contra, ids: Sequence[tuple[str, str]]) -> None:
        """Disarms the timers `(shop, timer id)`."""
        ...

    async def announce(self, connection: SessionT_contra, due_at: datetime) -> None:
        """Tells sleeping schedulers that a timer was armed; outside of the transaction that armed it."""
        ...


class Stores(Struct, Generic[SessionT_contra], frozen=True, kw_only=True):
    """What the use cases beside the batches need."""

    runs: RunStore[SessionT_contra]
    waiting: WaitingStore[SessionT_contra]
    fanouts: FanoutStore[SessionT_contra]
    tasks: TaskStore[SessionT_contra]
    erasure: ErasureStore[SessionT_contra]
    in_flight: InFlightStore[SessionT_contra]
    timers: TimerStore[SessionT_contra]
