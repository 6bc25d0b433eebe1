"""What is on `relevo.dead-letters`, as a whole or page by page; a dead letter is sent back to where it came from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate, groupby

import msgspec
from msgspec import Struct

from relevo_contracts.messages import DeadLetter
from relevo_contracts.topics import DEAD_LETTERS
from relevo_control.app.errors import ConflictError, NotKnownError
from relevo_control.app.pages import Page, Turn
from relevo_control.app.topics import MOST_READ, KeptTopic, Place, Unreadable, read_page, read_whole
from relevo_runtime.kafka import Publisher, Record
from relevo_runtime.postgres import Connection
from relevo_runtime.records import origin_header
from relevo_runtime.sealing import Seals
from relevo_runtime.settings import RuntimeSettings

_AT_ONCE = 200
_WITHOUT = "these were kept without their message (it was empty, or too large to keep) and can't be sent again"


async def read_dead_letters(
    connection: Connection, settings: RuntimeSettings, *, sealed: bool = False
) -> list[DeadLetter]:
    """Every dead letter that the topic still keeps and that is not about somebody who was erased, oldest first.

    Their messages are in clear, or `sealed` as they came, to be sent again: an erasure on its way still reaches them.
    Raises `NotKnownError` if there is no such topic.
    """
    letters = await _with_messages(await read_whole(connection, settings, _KEPT), Seals(connection, settings), sealed)
    return sorted(letters, key=lambda letter: (letter.at, letter.id))


async def list_letters(
    connection: Connection, settings: RuntimeSettings, shop: str, turn: Turn[Place], *, most: int = MOST_READ
) -> Page[DeadLetter]:
    """A page of the dead letters of a shop (empty: of all) as the topic has them: one that failed again is there again.

    Up to `most` are looked at, so that a page may be short and yet not the last.
    """
    page = await read_page(connection, settings, _KEPT, turn, lambda one: shop in ("", shop_of(one)), most=most)
    return Page(await _with_messages(page.items, Seals(connection, settings), sealed=False), page.next)


def oldest_first(letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """The letters in the order of their times; of one that is there several times the newest."""
    return sorted({one.id: one for one in letters}.values(), key=lambda letter: (letter.at, letter.id))


async def send_again(connection: Connection, settings: RuntimeSettings, letters: list[DeadLetter]) -> None:
    """Publish each letter's original message to its original topic again, in the order in which they were there."""
    async with Publisher(settings, seals=Seals(connection, settings)) as publisher:
        for topic, of_topic in groupby(in_first_order(letters), key=lambda letter: letter.topic):
            of_one = list(of_topic)
            for some in (of_one[at : at + _AT_ONCE] for at in range(0, len(of_one), _AT_ONCE)):
                messages = [(letter.key.encode(), letter.value) for letter in some]
                origins = [origin_header(letter.partition, letter.offset) for letter in some]
                await publisher.publish(topic, messages, origins)


class Choice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters: those with `ids`, or all; of a `shop`, with a `cause` in their reason, if these are given."""

    ids: list[str] = []
    shop: str = ""
    cause: str = ""


async def _chosen(connection: Connection, settings: RuntimeSettings, choice: Choice) -> list[DeadLetter]:
    """Those that are chosen, sealed, the same letter once. Raises `NotKnownError` for an id that is not there."""
    letters = {one.id: one for one in await read_dead_letters(connection, settings, sealed=True)}
    unknown = [letter_id for letter_id in choice.ids if letter_id not in letters]
    if unknown:
        raise NotKnownError(f"no dead letter has the id {', '.join(unknown)}; `relevo dead-letters list` prints them")
    found = [letters[letter_id] for letter_id in choice.ids] if choice.ids else list(letters.values())
    return [one for one in found if (not choice.shop or shop_of(one) == choice.shop) and choice.cause in one.reason]


async def redrive(connection: Connection, settings: RuntimeSettings, choice: Choice) -> int:
    """Sends those that are chosen to their topics again, in order; how many.

    Raises `ConflictError` for one that was asked for by its id and was kept without its message.
    """
    letters = await _chosen(connection, settings, choice)
    without = [letter.id for letter in letters if not letter.value]
    if choice.ids and without:
        raise ConflictError(f"{_WITHOUT}: {', '.join(without)}")
    letters = [letter for letter in letters if letter.value]
    await send_again(connection, settings, letters)
    return len(letters)


def shop_of(letter: DeadLetter) -> str:
    """The shop that a letter is about; empty if that can't be told."""
    return letter.key.partition("/")[0]


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


_KEPT = KeptTopic(DEAD_LETTERS, msgspec.json.Decoder(DeadLetter).decode, _unreadable)
