"""Rescue what a dead engine left behind: its outbox rows that were committed but not published.

An engine publishes its own rows right after its transaction and deletes them. A row that is still there some
seconds later belongs to an engine that died or cannot reach the broker. Publishing it here may repeat a message that
the engine did publish before it died: its id is the effect key, so the reader of the topic knows it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from relevo_runtime.kafka import Publisher

from relevo_contracts.envelope import partition_key
from relevo_runtime import outbox
from relevo_runtime.postgres import Pool
from relevo_scheduler.app.publish_due import RunOnce


def rescue_outbox(pool: Pool, publisher: Publisher, *, batch: int, older_than: timedelta, pause: timedelta) -> RunOnce:
    """The loop body: publishes and deletes one batch of left-behind rows, returns when to look again.

    `older_than` is wall-clock time by the database's clock; `pause` is clock time between two looks at a quiet
    outbox. A claim keeps other schedulers off for `older_than`; if publishing fails, or this process dies, the rows
    are claimed again after that. Rows go in the order in which they were written.
    """

    async def run_once(now: datetime) -> datetime:
        async with pool.acquire() as conn, conn.transaction():
            left = await outbox.claim_left_behind(conn, older_than, batch)
        if left:
            await _publish(publisher, left)
            async with pool.acquire() as conn:
                await outbox.delete(conn, [row.number for row in left])
        return now if len(left) >= batch else now + pause

    return run_once


async def _publish(publisher: Publisher, left: Sequence[outbox.LeftBehind]) -> None:
    by_topic: dict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
    for message in (row.message for row in left):
        by_topic[message.topic].append((partition_key(message.shop, message.key), message.value))
    for topic, messages in by_topic.items():
        await publisher.publish(topic, messages)
