"""What the use cases share: find the keys, make the events, store them within the sender's time limit."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol, assert_never

from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_ingest.app.merging import MergingKeys, let_names_follow, with_merged_keys
from relevo_ingest.core.aliases import Known, Lookup, Person, Product, Subject, WholeShop, product_aliases
from relevo_ingest.core.drafts import Arrival, Conclusion, Draft, Finished, Limits, Pending, Reading, finish
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.states import Question, Sighting, Thing

Message = tuple[bytes, bytes]


class Keys(MergingKeys, Protocol):
    """Finds and makes the keys of persons and products."""

    async def key(self, lookup: Lookup) -> str:
        """The key; raises `Busy` if it can't be found now."""
        ...


class States(Protocol):
    """Keeps the last known state of things."""

    async def observe(self, questions: Sequence[Question]) -> list[Sighting]:
        """What is known of each, with what the message tells kept; raises `Busy` if it can't be asked now."""
        ...


class Log(Protocol):
    """Where events are stored. Each call returns once everything is acknowledged, or raises `Busy`."""

    async def events(self, messages: Sequence[Message]) -> None: ...  # noqa: D102 - the class says it

    async def unrecognised(self, message: Message) -> None: ...  # noqa: D102 - the class says it


class Erasures(Protocol):
    """Where events that erase wait until they can no longer be taken back."""

    async def put_off(self, finished: Sequence[Finished], due: datetime, request: str) -> None:
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
    """Is told what was odd, to count it."""

    def unrecognised(self, shop: str, topic: str, kind: str) -> None: ...  # noqa: D102 - the class says it

    def left_out(self, shop: str, topic: str, notes: Sequence[str]) -> None: ...  # noqa: D102 - the class says it


class IngestDependencies(Struct, frozen=True):
    """What a use case works with. `budget` is how many seconds of wall-clock time storing may take.

    `erasing_after` is how long (by the clock) a webhook's event that erases waits.
    """

    keys: Keys
    states: States
    log: Log
    erasures: Erasures
    ids: Ids
    counters: Counters
    limits: Limits
    budget: float
    erasing_after: timedelta = timedelta(hours=24)


class Accepted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stored event, as its sender is told of it. `note` says where the event differs from what was sent."""

    id: str
    type: str
    key: str
    time: datetime
    note: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """What became of a message: its events, or why it has none (then it is kept on `relevo.unrecognised`).

    `waiting` are events that erase: they are published when they are due, unless they are taken back.
    """

    events: list[Accepted] = []
    unrecognised: list[str] = []
    waiting: list[Accepted] = []


@asynccontextmanager
async def within_budget(budget: float) -> AsyncIterator[None]:
    """Raises `Busy` if the block takes longer than `budget` seconds."""
    try:
        async with asyncio.timeout(budget):
            yield
    except TimeoutError as error:
        raise Busy(f"storing took longer than {budget:g} s") from error


async def conclude(deps: IngestDependencies, reading: Reading, arrival: Arrival) -> Conclusion:
    """What a message says, now that it is known how things were before it. Raises `Busy`.

    The states are kept before the events are stored: if that fails, the same delivery comes again and sees the same.
    """
    if not isinstance(reading, Pending):
        return reading
    questions = questions_of(reading, arrival)
    sightings = await deps.states.observe(list(questions.values()))
    return reading.conclude(dict(zip(questions, sightings, strict=True)))


def questions_of(reading: Pending, arrival: Arrival) -> dict[Thing, Question]:
    """What the store is asked, each thing once: of two observations of one thing the later one counts."""
    at = arrival.hinted_at or arrival.received
    looks = {thing: Question(shop=arrival.shop, thing=thing) for thing in reading.looks}
    told = {
        one.thing: Question(shop=arrival.shop, thing=one.thing, delivery=arrival.id, at=one.at or at, state=one.state)
        for one in reading.observed
    }
    return looks | told


async def find_keys(deps: IngestDependencies, shop: str, subjects: Iterable[Subject]) -> dict[Subject, str]:
    """The key of each subject. Raises `Busy`."""
    wanted = list(dict.fromkeys(subjects))
    if len(wanted) == 1:  # nearly always: no tasks for it
        return {wanted[0]: await _key(deps, shop, wanted[0])}
    # Together, so that the lookups of a large request share round trips.
    found = await asyncio.gather(*(_key(deps, shop, subject) for subject in wanted))
    return dict(zip(wanted, found, strict=True))


async def store(deps: IngestDependencies, drafts: Sequence[Draft], arrival: Arrival) -> list[Accepted]:
    """Stores the events of `drafts`. Raises `Busy`, or `InvalidPayload` if one is too large to be stored."""
    keys = await find_keys(deps, arrival.shop, (draft.subject for draft in drafts))
    finished = finish(drafts, keys, arrival, deps.limits)
    await publish(deps, finished)
    return accepted(finished)


async def publish(deps: IngestDependencies, finished: Sequence[Finished]) -> None:
    """Stores finished events, all of them acknowledged. Raises `Busy`."""
    if finished:
        told = await with_merged_keys(deps.keys, finished)
        await deps.log.events([(partition_key(done.event.shop, done.event.key), done.value) for done in told])
        await let_names_follow(deps.keys, [done.event for done in told])


def accepted(finished: Iterable[Finished]) -> list[Accepted]:
    """What the sender is told of them."""
    return [
        Accepted(id=done.event.id, type=done.event.type, key=done.event.key, time=done.event.time, note=done.note)
        for done in finished
    ]


async def _key(deps: IngestDependencies, shop: str, subject: Subject) -> str:
    match subject:
        case Person():
            return await deps.keys.key(Lookup(shop, subject.aliases))
        case Product():
            return await deps.keys.key(Lookup(shop, product_aliases(subject)))
        case WholeShop():
            return SHOP_KEY
        case Known():
            return subject.key
        case _:
            assert_never(subject)
