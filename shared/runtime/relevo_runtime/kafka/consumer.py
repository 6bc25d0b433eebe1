"""Batches of records from Kafka, by FastStream's batch subscribers with every trap of theirs turned off.

FastStream's own acknowledgement commits what failed or skips it, and by default it reads from the end of a topic; so
the policy is MANUAL, `Member` commits exact offsets, and reading starts at the earliest record.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self

from aiokafka import ConsumerRecord
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.message import StreamMessage

from relevo_runtime.clock import Clock
from relevo_runtime.dead_letters import DeadLetters
from relevo_runtime.health import Health
from relevo_runtime.kafka.member import Handler, Member
from relevo_runtime.kafka.polling import PollingConsumer
from relevo_runtime.kafka.precedence import Precedence
from relevo_runtime.kafka.publisher import Publisher
from relevo_runtime.loops import Loop
from relevo_runtime.metrics import Metrics
from relevo_runtime.pauses import Pauses
from relevo_runtime.postgres import Pool
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings
from relevo_runtime.supervision import Supervised

_log = logging.getLogger(__name__)

_SETTLE_SECONDS = 2.0
_HEARTBEAT_MS = 3000
_NEVER_MS = 24 * 60 * 60 * 1000


class BatchConsumer:
    """Hands batches of records to `handler` and commits their offsets soon after it has returned.

    `consumers` members of the service's group run side by side, each sequential; equal partition numbers of all
    `topics` meet at one member. A handler must recognise what it has seen: after a crash or a rebalance a batch comes
    again. It may raise what is temporary (tried again for ever), `Poison`, or anything else (both: dead letters).

    `after` names topics whose records wait for another topic: of the same partition number, as far as that went when
    they came (see `precedence`).

    Records gather for so many `windows` of the settings' batch window; 0: what has gathered before comes as it is.

    With a `pool`, a shop of which too many records fail is paused for this service (see `pauses`).

    With `seals`, the handler sees opened records; those of people who were erased are passed over.

    `on_failure` is told what ends consuming for good, such as `TooManyDeadLetters`; the service should stop then.
    """

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        service: str,
        topics: Sequence[str],
        handler: Handler,
        clock: Clock,
        consumers: int = 1,
        max_records: int = 1000,
        windows: float = 1,
        after: Mapping[str, str] | None = None,
        health: Health | None = None,
        metrics: Metrics | None = None,
        on_failure: Callable[[BaseException], None] | None = None,
        seals: Seals | None = None,
        pool: "Pool | None" = None,
    ) -> None:
        self._settings = settings
        self._service = service
        self._topics = {settings.topic(name): name for name in topics}
        self._max_records = max_records
        self._window = settings.window * windows
        self._publisher = Publisher(settings, metrics, seals=seals)
        self.health = health or Health()
        self._on_failure = on_failure or _log_failure
        metrics = metrics or Metrics(service)
        self.dead_letters = DeadLetters(
            self._publisher,
            service=service,
            ratio=settings.dead_letter_ratio,
            clock=clock,
            metrics=metrics,
            pauses=Pauses(pool, service) if pool is not None else None,
        )
        self._following = Loop(
            f"{service} pauses", self._follow_pauses, clock=clock, health=self.health, metrics=metrics
        )
        self._members = [
            Member(
                f"{service} consumer {number}",
                handler,
                topics=self._topics,
                dead_letters=self.dead_letters,
                health=self.health,
                metrics=metrics,
                on_failure=self._on_failure,
                seals=seals,
                commit_delay=settings.commit_delay,
                precedence=Precedence({settings.topic(a): settings.topic(b) for a, b in (after or {}).items()}),
            )
            for number in range(1, consumers + 1)
        ]
        self._subscribers: list[Any] = []
        self._broker = self._make_broker()
        self._stopping = asyncio.Event()
        self._watched: list[Supervised] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Join the group and begin. Raises `KafkaUnreachable` if no broker can be used."""
        for member in self._members:
            self.health.set(f"{member.name} assignment", False, "waits for its partitions")
        await self.dead_letters.follow_pauses()  # before the first batch
        await self._publisher.start()
        await self._start_polling()
        self._watched = [self._watch(self._following.name, self._following.run(self._stopping))]
        for member, subscriber in zip(self._members, self._subscribers, strict=True):
            self._watched.append(self._watch(f"{member.name} poll", _until_ended(subscriber)))
        self.health.probe(f"{self._service} group", self.check, of="Kafka")

    async def check(self) -> None:
        """Returns if the group's coordinator answers every member now, also where there are no records. Raises
        `KafkaError` or `ConnectionError`; may wait for long: bound it.
        """
        await asyncio.gather(*(_answered(subscriber.consumer) for subscriber in self._subscribers))

    async def stop(self) -> None:
        """Finish the batches in flight, commit, leave the group (unless the process has a name in it, under which it
        comes back); waits up to the settings' `stop_timeout`.
        """
        for part in self._watched:
            part.expect_end()
        self._stopping.set()
        for member in self._members:
            member.stop()
        with contextlib.suppress(TimeoutError):  # Kafka is away: what is not committed comes again
            async with asyncio.timeout(min(_SETTLE_SECONDS, self._settings.stop_timeout)):
                await asyncio.gather(*(member.settle() for member in self._members))
        await self._broker.stop()
        for member in self._members:
            await member.ended()
        for part in self._watched:
            await part.cancel()
        await self._publisher.stop()

    async def _start_polling(self) -> None:
        """FastStream polls, sleeps and polls again; with our consumer each poll waits until there is something."""
        made = await self._broker.connect()
        assert isinstance(made, partial), "FastStream makes its consumers in another way"
        self._broker.config.broker_config.builder = partial(
            PollingConsumer, settings=self._settings, window=self._window, **made.keywords
        )
        await self._broker.start()

    def _watch(self, name: str, running: Coroutine[Any, Any, object]) -> Supervised:
        return Supervised(name, running, health=self.health, on_failure=self._on_failure)

    async def _follow_pauses(self, now: datetime) -> datetime | None:
        await self.dead_letters.follow_pauses()
        # It says so without being bad: the other shops go on, so this service keeps its work.
        self.health.set(f"{self._service} shops", True, self.dead_letters.paused_shops)
        return None

    def _make_broker(self) -> KafkaBroker:
        broker = KafkaBroker(
            self._settings.kafka,
            client_id=f"relevo-{self._service}",
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=self._settings.stop_timeout,
            apply_types=False,
            logger=logging.getLogger("relevo_runtime.faststream"),
            log_level=logging.DEBUG,
        )
        for number, member in enumerate(self._members, 1):
            self._subscribe(broker, member, number)
        return broker

    def _subscribe(self, broker: KafkaBroker, member: Member, number: int) -> None:
        instance = self._settings.group_instance_id
        session_ms = int(self._settings.session_timeout * 1000)
        subscriber = broker.subscriber(
            *self._topics,
            batch=True,
            group_id=self._settings.group(self._service),
            group_instance_id=f"{instance}-{number}" if instance else None,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            max_records=self._max_records,
            session_timeout_ms=session_ms,
            # A member hears of a rebalance with its heartbeat, and the others wait for it.
            heartbeat_interval_ms=min(session_ms // 4, _HEARTBEAT_MS),
            # A rebalance waits for batches in flight, and a batch may be tried again for as long as it takes.
            rebalance_timeout_ms=max(session_ms, int(self._settings.stop_timeout * 1000)),
            max_poll_interval_ms=_NEVER_MS,
            listener=member,
            parser=_as_it_is,
            decoder=_raw,
            no_reply=True,
        )
        subscriber(member.take)
        self._subscribers.append(subscriber)
        member.consumer = lambda: subscriber.consumer


async def _until_ended(subscriber: Any) -> None:
    """Ends as the first does of what polls, fetches and keeps the place in the group.

    FastStream would start polling again at once, for ever, or say nothing; aiokafka would fetch nothing more.
    """
    consumer = subscriber.consumer
    parts = [*subscriber.tasks, consumer._fetcher.error_future, consumer._coordinator._coordination_task]
    done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    next(iter(done)).result()


async def _as_it_is(batch: tuple[ConsumerRecord, ...]) -> StreamMessage[tuple[ConsumerRecord, ...]]:
    """Skips FastStream's parsing, which looks at every message; our handlers decode for themselves."""
    return StreamMessage(raw_message=batch, body=b"", message_id="batch", correlation_id="batch")


async def _raw(message: StreamMessage[Any]) -> Any:
    return message.raw_message


async def _answered(consumer: Any) -> None:
    """Asks what only a living broker can answer: a committed offset, or the topics where no partition is ours."""
    if consumer is None:
        raise ConnectionError("not connected to Kafka")
    ours = sorted(consumer.assignment())
    if ours:
        await consumer.committed(ours[0])
    else:
        await consumer.topics()


def _log_failure(error: BaseException) -> None:
    _log.critical("consuming has ended: %s", error)
