"""Reads `relevo.dead-letters` from end to end, and sends a dead letter back to where it came from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate, groupby

import msgspec

from relevo_cli import database
from relevo_cli.unsealing import Unreadable, read_whole
from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import DEAD_LETTERS
from relevo_runtime.kafka import Publisher, Record
from relevo_runtime.records import origin_header
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

_AT_ONCE = 200
_decode = msgspec.json.Decoder(DeadLetter).decode


async def read_dead_letters(settings: RuntimeSettings, *, sealed: bool = False) -> list[DeadLetter]:
    """Every dead letter that the topic still keeps and that is not about somebody who was erased, oldest first.

    Their messages are in clear, or `sealed` as they came, to be sent again: an erasure on its way still reaches them.
    Raises `CommandError` if there is no such topic.
    """
    found = await read_whole(settings, DEAD_LETTERS, _decode)
    kept = [(record, _unreadable(record, r) if isinstance(r, Unreadable) else r) for record, r in found]
    async with database.connection(settings) as connection:
        letters = await _with_messages(kept, Seals(connection, settings), sealed)
    return sorted(letters, key=lambda letter: letter.at)


async def redrive(settings: RuntimeSettings, letters: list[DeadLetter]) -> None:
    """Publish each letter's original message to its original topic again, in the order in which they were there."""
    async with (
        database.connection(settings) as connection,
        Publisher(settings, seals=Seals(connection, settings)) as publisher,
    ):
        for topic, of_topic in groupby(in_first_order(letters), key=lambda letter: letter.topic):
            of_one = list(of_topic)
            for some in (of_one[at : at + _AT_ONCE] for at in range(0, len(of_one), _AT_ONCE)):
                messages = [(letter.key.encode(), letter.value) for letter in some]
                origins = [origin_header(letter.partition, letter.offset) for letter in some]
                await publisher.publish(topic, messages, origins)


async def _with_messages(kept: Sequence[tuple[Record, DeadLetter]], seals: Seals, sealed: bool) -> list[DeadLetter]:
    """The letters with their messages, which are sealed for themselves; without those of people who were erased."""
    messages = [Record(DEAD_LETTERS, 0, place, one.key, letter.value) for place, (one, letter) in enumerate(kept)]
    letters: list[DeadLetter] = []
    for message in await seals.open(messages):
        letter = kept[message.offset][1]
        # The key is part of the seal: a message whose key is not text can't be sent again sealed.
        as_it_came = sealed and letter.key.encode() == message.key
        letters.append(letter if as_it_came else msgspec.structs.replace(letter, value=message.value))
    return letters


def in_first_order(letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """`letters` in the order of their partitions, whatever order they were put aside in; among partitions by time."""
    placed: list[tuple[datetime, DeadLetter]] = []
    for _, found in groupby(sorted(letters, key=_place), key=lambda letter: _place(letter)[:2]):
        partition = list(found)
        placed += zip(accumulate((letter.at for letter in partition), max), partition, strict=True)
    return [letter for _, letter in sorted(placed, key=lambda each: each[0])]


def _place(letter: DeadLetter) -> tuple[str, int, int]:
    return letter.topic, letter.partition, letter.offset


def _unreadable(record: Record, found: Unreadable) -> DeadLetter:
    """A letter that can't be read is listed without its message."""
    return DeadLetter(
        id=f"unreadable/{found.place}",
        service="unreadable",
        topic=DEAD_LETTERS,
        partition=record.partition,
        offset=record.offset,
        reason=f"the dead letter can't be read: {found.reason}",
        at=found.at,
        key=record.key.decode(errors="replace"),
    )
