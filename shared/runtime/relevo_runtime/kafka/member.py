"""One member of a consumer group: takes batches one after the other; what is done is committed."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import Any, Protocol

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from relevo_runtime.backoff import Backoff
from relevo_runtime.clock import wall_seconds
from relevo_runtime.dead_letters import DeadLetters, shop_of
from relevo_runtime.errors import PublishError, TooManyDeadLetters, described
from relevo_runtime.health import Health
from relevo_runtime.kafka.commits import Commits, Committing
from relevo_runtime.kafka.precedence import ConsumerPosition, Precedence
from relevo_runtime.master_keys import SealingError
from relevo_runtime.metrics import Metrics
from relevo_runtime.postgres import is_schema_mismatch, temporary
from relevo_runtime.records import Poison, Record, read_origin
from relevo_runtime.sealing import Seals
from relevo_runtime.supervision import PartEnded, cancel_all, contained

Handler = Callable[[Sequence[Record]], Awaitable[None]]

_log = logging.getLogger(__name__)
_TOO_LONG = 15.0  # seconds: an attempt that fails after more than that is made smaller
_CUT_OFF = 5  # attempts in a row at one record, after which it is at fault itself
_LOOK_AGAIN = 0.02  # seconds between two looks whether held records may go on


class _AbandonedError(Exception):
    """The batch is given up without a commit: its partitions go to someone else, or the service stops."""


class Consumer(ConsumerPosition, Committing, Protocol):
    """What a member needs of aiokafka's consumer."""


class Member(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """The rules of consuming, for one group member.

    - A batch's offsets are committed after its handler returned, never before: within a second, at once where records
      went to the dead letters, and before partitions are given up.
    - A temporary failure is tried again in place, for ever, with growing pauses: nothing overtakes it.
    - A batch that the database cuts off, since it takes too long, is halved; a record that is cut off alone is tried
      five times. What is wrong with the service, such as its schema, stops it.
    - What fails otherwise is narrowed down by halves to the records at fault; they go to the dead letters.
    - A shop of which too many fail is paused: its further records go to the dead letters too, in order and unread. Its
      wake-ups are passed over.
    - Partitions are only given up between batches; a batch that waits for its next try is abandoned instead.
    """

    def __init__(
        self,
        name: str,
        handler: Handler,
        *,
        topics: dict[str, str],
        dead_letters: DeadLetters,
        health: Health,
        metrics: Metrics,
        on_failure: Callable[[BaseException], None],
        precedence: Precedence,
        seals: Seals | None = None,
        too_long: float = _TOO_LONG,
        commit_delay: float = 1.0,
    ) -> None:
        self.name = name
        self._too_long = too_long
        self.consumer: Callable[[], Consumer | None] = lambda: None
        self._handler = handler
        self._topics = topics
        self._dead_letters = dead_letters
        self._health = health
        self._metrics = metrics
        self._on_failure = on_failure
        self._precedence = precedence
        self._seals = seals
        self._releasing: asyncio.Task[None] | None = None
        self._held = 0
        self._commits = Commits(name, metrics, commit_delay)
        self._aside = False  # whether records of the batch at hand went to the dead letters
        self._handled: set[tuple[str, int, int]] = set()  # of the batch at hand
        self._idle = asyncio.Event()
        self._idle.set()
        self._holding = asyncio.Event()  # partitions are ours
        self._leaving = asyncio.Event()  # they are being taken from us, or we stop
        self._stopped = False

    def stop(self) -> None:
        """Take no further batch; one in flight may finish its current try."""
        self._stopped = True
        self._leaving.set()
        self._holding.set()

    async def settle(self) -> None:
        """Commit what is done; a batch in flight does so itself if partitions are being given up. May wait for long."""
        consumer = self.consumer()
        if consumer is not None and self._idle.is_set():
            await self._commits.flush(consumer)

    async def ended(self) -> None:
        """Call it after the consumer has stopped: nothing is left running."""
        if self._commits.later is not None:
            await cancel_all([self._commits.later])

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Called by aiokafka before a rebalance: the batch in flight ends first."""
        self._holding.clear()
        self._leaving.set()
        await self._idle.wait()
        await self.settle()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Called by aiokafka after a rebalance."""
        self._metrics.assigned_partitions.inc(len(assigned) - self._held)
        self._held = len(assigned)
        self._precedence.forget()
        self._health.set(f"{self.name} assignment", True, f"{len(assigned)} partitions")
        if not self._stopped:
            self._leaving.clear()
        self._holding.set()

    async def take(self, batch: Sequence[ConsumerRecord]) -> None:
        """Process one batch to its end. Raises nothing but cancellation: what is fatal goes to `on_failure`."""
        await self._holding.wait()
        consumer = self.consumer()
        if self._stopped or consumer is None:
            return
        self._idle.clear()
        try:
            with self._metrics.batch_seconds.time():
                await contained(self._process(batch, consumer))
        except _AbandonedError:
            self._recovered()  # whoever gets the partitions says how it goes on
            _log.info("%s: a batch of %d records is given up and will come again", self.name, len(batch))
        except Exception as error:  # noqa: BLE001 - handed on, the service stops
            self._fail(error)
        finally:
            self._idle.set()

    async def _process(self, batch: Sequence[ConsumerRecord], consumer: Consumer) -> None:
        picked = await self._precedence.pick(batch, consumer)
        if self._precedence.waiting and (self._releasing is None or self._releasing.done()):
            self._releasing = asyncio.create_task(self._release(), name=f"{self.name} release")
            self._releasing.add_done_callback(self._looked_after)
        records, offsets = self._sort(picked, consumer.assignment())
        if not records:
            return
        self._observe_waits(picked)
        self._dead_letters.count([shop_of(record.key) for record in records if record.origin is None])
        opened = await self._opened(records)
        self._handled.clear()
        self._aside = False
        try:
            if opened:
                await self._work(opened)
        except TooManyDeadLetters:
            # What was put aside is committed: a start after this must not bury it again.
            await self._keep_pauses()
            self._aside = True
            await self._commit(consumer, {place: self._reached(place, opened, end) for place, end in offsets.items()})
            raise
        await self._keep_pauses()
        await self._commit(consumer, offsets)
        self._done(records)
        self._stop_if_too_many()

    def _reached(self, place: TopicPartition, records: Sequence[Record], end: int) -> int:
        """The offset before which all `records` of a partition are handled; `end` if all are."""
        name = self._topics[place.topic]
        for record in records:
            here = record.topic == name and record.partition == place.partition
            if here and _place_of(record) not in self._handled:
                return record.offset
        return end

    def _stop_if_too_many(self) -> None:
        if self._dead_letters.too_many is not None:
            raise self._dead_letters.too_many

    async def _opened(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records in clear. What is about people who were erased is passed over: nobody can read it any more."""
        if self._seals is None:
            return records
        opened = await self._open(self._seals, records)
        self._metrics.records_shredded.inc(len(records) - len(opened))
        return opened

    async def _open(self, seals: Seals, records: Sequence[Record]) -> list[Record]:
        """A record that can't be opened, though others can, stays sealed: its reader refuses it, as a dead letter."""
        opened: list[Record] = []

        async def attempt() -> None:
            opened.extend(await seals.open(records))

        failure = await self._retry_transient(attempt)
        if failure is None:
            return opened
        if isinstance(failure, SealingError):
            raise failure  # the settings are at fault, not the records
        if len(records) == 1:
            _log.error("%s: %s/%d/%d can't be opened: %s", self.name, *_place_of(records[0]), failure)
            return list(records)
        return [one for record in records for one in await self._open(seals, [record])]

    async def _release(self) -> None:
        """Looks again until nothing is held back: what goes first may be at its end without a further batch."""
        while self._precedence.waiting and not self._stopped:
            await asyncio.sleep(_LOOK_AGAIN)
            consumer = self.consumer()
            if consumer is not None:
                await self._precedence.release(consumer)

    def _looked_after(self, task: asyncio.Task[None]) -> None:
        """It ends when it has nothing to do any more; if it ends otherwise, what waits for it would wait for ever."""
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None and not self._stopped:
            self._fail(PartEnded(task.get_name(), error))

    def _fail(self, error: Exception) -> None:
        self._health.set(self.name, False, described(error))
        self.stop()
        self._on_failure(error)

    def _sort(
        self, batch: Sequence[ConsumerRecord], held: frozenset[TopicPartition]
    ) -> tuple[list[Record], dict[TopicPartition, int]]:
        """The records of the partitions that we hold, and the offsets to commit after them.

        A batch holds one partition after the other, so what is known of a partition is looked up once for each run.
        """
        records: list[Record] = []
        offsets: dict[TopicPartition, int] = {}
        place = TopicPartition("", -1)
        name: str | None = None
        for raw in batch:
            partition = raw.partition
            if partition != place.partition or raw.topic != place.topic:
                place = TopicPartition(raw.topic, partition)
                # A partition that we don't hold was fetched before a rebalance took it away.
                name = self._topics[raw.topic] if place in held else None
            if name is not None:
                origin = read_origin(raw.headers) if raw.headers else None
                records.append(Record(name, partition, raw.offset, raw.key or b"", raw.value or b"", origin))
                offsets[place] = raw.offset + 1
        return records, offsets

    def _observe_waits(self, taken: Sequence[ConsumerRecord]) -> None:
        """How long the first of each topic had waited, which is the one of a partition that waited longest."""
        oldest: dict[str, int] = {}
        place: tuple[str, int] | None = None
        for raw in taken:
            if place is None or raw.partition != place[1] or raw.topic != place[0]:
                place = (raw.topic, raw.partition)
                oldest[raw.topic] = min(raw.timestamp, oldest.get(raw.topic, raw.timestamp))
        now = wall_seconds()
        for topic, at in oldest.items():
            # The clocks of those who publish differ from ours.
            self._metrics.record_wait_seconds.labels(self._topics[topic]).observe(max(0.0, now - at / 1000))

    async def _work(self, records: Sequence[Record]) -> None:
        """Handle `records`; returns when each is processed or among the dead letters."""
        records = await self._without_paused(records)
        if not records:
            return
        tries = 1 if len(records) > 1 else _CUT_OFF
        failure = await self._retry_transient(lambda: self._handler(records), cut_off=tries)
        if failure is None:
            self._handled.update(map(_place_of, records))
            return
        culprit = failure.record if isinstance(failure, Poison) else None
        if culprit is not None and culprit in records and len(records) > 1:
            await self._put_dead_letter(culprit, failure)
            await self._work([record for record in records if record is not culprit and record != culprit])
        elif len(records) == 1:
            await self._put_dead_letter(records[0], failure)
        else:
            # The older half first: the order of a key's records stays.
            middle = len(records) // 2
            await self._work(records[:middle])
            await self._work(records[middle:])

    async def _without_paused(self, records: Sequence[Record]) -> Sequence[Record]:
        """Puts the records of paused shops aside; returns the others."""
        dead_letters = self._dead_letters
        parked = [record for record in records if dead_letters.paused(record)] if dead_letters.any_paused else []
        if not parked:
            return records
        await self._until_done(lambda: dead_letters.park(parked))
        self._aside = True
        places = set(map(_place_of, parked))
        self._handled |= places
        return [record for record in records if _place_of(record) not in places]

    async def _keep_pauses(self) -> None:
        await self._until_done(self._dead_letters.keep_pauses)

    async def _until_done(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Try until `attempt` succeeds. Raises what it raises for good, which is not the fault of a record."""
        failure = await self._retry_transient(attempt)
        if failure is not None:
            raise failure

    async def _put_dead_letter(self, record: Record, failure: Exception) -> None:
        if isinstance(failure, Poison):
            reason = failure.reason
        else:
            reason = f"{type(failure).__name__}: {failure}"
            _log.error(
                "%s: %s/%d/%d failed",
                self.name,
                record.topic,
                record.partition,
                record.offset,
                exc_info=failure,
                extra={"shop": shop_of(record.key)},
            )
        await self._until_done(lambda: self._dead_letters.put(record, reason))
        self._aside = True
        self._handled.add(_place_of(record))
        self._stop_if_too_many()

    async def _retry_transient(self, attempt: Callable[[], Awaitable[None]], *, cut_off: int = 0) -> Exception | None:
        """Try until `attempt` succeeds (None) or fails for good (its error). Raises `_AbandonedError`.

        With `cut_off`, taking too long so many times in a row is an error of the attempt as well.
        """
        backoff, loop, slow = Backoff(), asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            try:
                await contained(attempt())
            except Exception as error:
                if is_schema_mismatch(error):
                    raise  # no record is at fault
                slow = slow + 1 if loop.time() - began > self._too_long and _was_cut_off(error) else 0
                if slow and slow == cut_off:
                    return error
                if not is_retryable(error):
                    return error
                await self._wait(backoff.failure(), error)
            else:
                if backoff.failed:
                    self._recovered()
                return None

    async def _wait(self, pause: float, error: Exception) -> None:
        self._metrics.batch_retries.inc()
        self._health.set(self.name, False, f"tries again: {type(error).__name__}: {error}")
        message = "%s: temporary failure, next try in %.1f s: %s: %s"
        _log.warning(message, self.name, pause, type(error).__name__, error, extra={"repeats": self.name})
        try:
            async with asyncio.timeout(pause):
                await self._leaving.wait()
        except TimeoutError:
            return
        raise _AbandonedError

    async def _commit(self, consumer: Consumer, offsets: dict[TopicPartition, int]) -> None:
        self._commits.add(consumer, offsets, self._looked_after)
        if self._aside or self._leaving.is_set():
            await self._commits.flush(consumer)

    def _recovered(self) -> None:
        """Nothing is being tried again any more, however that ended; what ended the service stays said."""
        if not self._stopped:
            self._health.set(self.name, True)

    def _done(self, records: Sequence[Record]) -> None:
        self._recovered()
        self._health.beat(self.name)
        self._metrics.batch_records.observe(len(records))
        for topic, count in Counter(map(attrgetter("topic"), records)).items():
            self._metrics.records_consumed.labels(topic).inc(count)


def _place_of(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def _was_cut_off(error: Exception) -> bool:
    """Whether a database that is there may have ended the attempt since too much was to be done in it."""
    away = isinstance(error, PublishError | KafkaError | OSError)  # a time-out is an OSError
    return temporary(error) and not away


def is_retryable(error: Exception) -> bool:
    """Whether the same batch may succeed later: the database or Kafka is away or busy."""
    return isinstance(error, PublishError) or temporary(error) or (isinstance(error, KafkaError) and _retriable(error))


def _retriable(error: Any) -> bool:
    return bool(error.retriable)
