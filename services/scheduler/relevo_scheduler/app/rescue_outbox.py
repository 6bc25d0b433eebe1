"""Rescue what a dead engine left behind: its outbox rows that were committed but not published.

An engine publishes its own rows right after its transaction and deletes them. A row that is still there some
seconds later belongs to an engine that died or cannot reach the broker. Publishing it here may repeat a message that
the engine did publish before it died: its id is the effect key, so the reader of the topic knows it.

A row that Kafka will never take, since it is too large, is put aside as a dead letter: it must not keep the others.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from relevo_contracts.envelope import partition_key
from relevo_runtime.errors import MessageTooLarge, PublishError
from relevo_runtime.metrics import Metrics
from relevo_runtime.outgoing import LeftBehind
from relevo_runtime.records import Record
from relevo_scheduler.app.ports import DeadLetters, Outbox, Publisher
from relevo_scheduler.app.publish_due import RunOnce


def rescue_outbox(
    outbox: Outbox,
    publisher: Publisher,
    dead_letters: DeadLetters,
    *,
    metrics: Metrics,
    batch: int,
    older_than: timedelta,
    pause: timedelta,
) -> RunOnce:
    """The loop body: publishes and deletes one batch of left-behind rows, returns when to look again.

    `older_than` is wall-clock time by the database's clock; `pause` is clock time between two looks at a quiet
    outbox. A claim keeps other schedulers off for `older_than`; if publishing fails, or this process dies, the rows
    are claimed again after that. Rows go in the order in which they were written, each topic for itself. The body
    raises what the database or the broker raised, once all topics had their turn.
    """
    rescue = _Rescue(outbox, publisher, dead_letters, metrics)

    async def run_once(now: datetime) -> datetime:
        left = await outbox.claim_left_behind(older_than, batch)
        await rescue.publish(left)
        return now if len(left) >= batch else now + pause

    return run_once


class _Rescue:
    def __init__(self, outbox: Outbox, publisher: Publisher, dead_letters: DeadLetters, metrics: Metrics) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._metrics = metrics

    async def publish(self, left: Sequence[LeftBehind]) -> None:
        """Publishes and deletes rows. Raises the first `PublishError` of a topic after trying the others."""
        self._dead_letters.count(row.message.shop for row in left)
        by_topic: dict[str, list[LeftBehind]] = defaultdict(list)
        for row in left:
            by_topic[row.message.topic].append(row)
        failures: list[PublishError] = []
        for rows in by_topic.values():
            try:
                await self._publish_topic(rows)
            except PublishError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    async def _publish_topic(self, rows: Sequence[LeftBehind]) -> None:
        try:
            await self._publish_rows(rows)
        except MessageTooLarge:
            for row in rows:
                await self._publish_alone(row)

    async def _publish_rows(self, rows: Sequence[LeftBehind]) -> None:
        messages = [(partition_key(row.message.shop, row.message.key), row.message.value) for row in rows]
        await self._publisher.publish(rows[0].message.topic, messages)
        await self._delete(rows)
        self._metrics.outbox_rescued.inc(len(rows))

    async def _publish_alone(self, row: LeftBehind) -> None:
        try:
            await self._publish_rows([row])
        except MessageTooLarge:
            await self._put_aside(row)

    async def _put_aside(self, row: LeftBehind) -> None:
        """A dead letter without the value, which is what does not fit; its number in the outbox is its offset."""
        message = row.message
        record = Record(message.topic, -1, row.number, partition_key(message.shop, message.key), b"")
        size = len(message.value)
        await self._dead_letters.put(record, f"{message.id}: too large for Kafka with {size} bytes; it was not sent")
        await self._delete([row])

    async def _delete(self, rows: Sequence[LeftBehind]) -> None:
        await self._outbox.delete([row.number for row in rows])
