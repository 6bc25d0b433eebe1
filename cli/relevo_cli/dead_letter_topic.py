"""Reads `relevo.dead-letters` from end to end, and sends a dead letter back to where it came from."""

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from relevo_cli import database
from relevo_cli.errors import CommandError
from relevo_cli.opened import opened
from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import DEAD_LETTERS
from relevo_runtime.kafka import Publisher
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

_POLL_MS = 500


async def read_dead_letters(settings: RuntimeSettings) -> list[DeadLetter]:
    """Every dead letter that the topic still keeps and that is not about somebody who was erased, oldest first.

    Raises `CommandError` if there is no such topic.
    """
    topic = settings.topic(DEAD_LETTERS)
    # By its settings, not by a seek: the consumer looks up its first position in the background and would win.
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest", enable_auto_commit=False
    )
    try:
        await consumer.start()
        partitions = list(consumer.assignment())
        if not partitions:
            raise CommandError(f"there is no topic {topic} on {settings.kafka}; run `relevo migrate` first")
        ends = await consumer.end_offsets(partitions)
        async with database.connection(settings) as connection:
            letters = await _read(consumer, ends, Seals(connection, settings))
        return sorted(letters, key=lambda letter: letter.at)
    finally:
        await consumer.stop()


async def redrive(settings: RuntimeSettings, letters: list[DeadLetter]) -> None:
    """Publish each letter's original message to its original topic again, in order of time."""
    async with (
        database.connection(settings) as connection,
        Publisher(settings, seals=Seals(connection, settings)) as publisher,
    ):
        for letter in letters:
            await publisher.publish(letter.topic, [(letter.key.encode(), letter.value)])


async def _read(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], seals: Seals) -> list[DeadLetter]:
    letters: list[DeadLetter] = []
    while [part for part, end in ends.items() if await consumer.position(part) < end]:
        for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
            letters += [
                msgspec.json.decode(record.value, type=DeadLetter)
                for record in await opened(seals, DEAD_LETTERS, records)
            ]
    return letters
