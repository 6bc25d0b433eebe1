"""What the use cases share: find the keys, make the events, store them within the sender's time limit."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import assert_never

from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.keys import SHOP_KEY
from relevo_ingest.app.merging import let_names_follow, with_merged_keys
from relevo_ingest.app.ports import IngestDependencies, Outcome
from relevo_ingest.core.aliases import KnownKey, Lookup, Person, Product, Subject, WholeShop, product_aliases
from relevo_ingest.core.drafts import Arrival, Draft, Finished, Pending, finish
from relevo_ingest.core.errors import Busy
from relevo_ingest.core.states import Entity, StateQuery

OTHER_TOPIC = "other"
"""What metrics say of a topic that the platform does not have."""


class Accepted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stored event, as its sender is told of it. `note` says where the event differs from what was sent."""

    id: str
    type: str
    key: str
    time: datetime
    note: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """What became of a message: its events, or why it has none (then it is kept on `relevo.unrecognised`).

    `waiting` are events that erase: they are published when they are due, unless they are taken back. `fetching` is
    what a webhook only names: it is fetched from the platform's API, and the webhook is read then.
    """

    events: list[Accepted] = []
    unrecognised: list[str] = []
    waiting: list[Accepted] = []
    fetching: list[str] = []


class within_budget:  # noqa: N801 - it reads as words: `async with within_budget(4.0)`
    """Raises `Busy` if the block takes longer than `budget` seconds of wall-clock time."""

    __slots__ = ("_budget", "_limit")

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._limit = asyncio.timeout(budget)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError as late:
            error = late
        if isinstance(error, TimeoutError):
            raise Busy(f"storing took longer than {self._budget:g} s") from error


def state_queries(reading: Pending, arrival: Arrival) -> dict[Entity, StateQuery]:
    """What the store is asked, each entity once: of two observations of one entity the later one counts."""
    at = arrival.hinted_at or arrival.received
    looks = {entity: StateQuery(shop=arrival.shop, entity=entity) for entity in reading.looks}
    observed = {
        one.entity: StateQuery(
            shop=arrival.shop, entity=one.entity, delivery=arrival.id, at=one.at or at, state=one.state
        )
        for one in reading.observed
    }
    return looks | observed


async def find_keys(deps: IngestDependencies, shop: str, subjects: Iterable[Subject]) -> dict[Subject, str]:
    """The key of each subject. Raises `Busy`."""
    (found,) = await keys_of_each(deps, [(shop, set(subjects))])
    if isinstance(found, Exception):
        raise found
    return found


async def keys_of_each(
    deps: IngestDependencies, asked: Sequence[tuple[str, Collection[Subject]]]
) -> list[Outcome[dict[Subject, str]]]:
    """For each shop and its subjects their keys, or the error of one of them. All are asked for together."""
    lookups = [
        Lookup(shop, product_aliases(subject) if isinstance(subject, Product) else subject.aliases)
        for shop, subjects in asked
        for subject in subjects
        if isinstance(subject, Person | Product)
    ]
    found = iter(await deps.keys.key_of_each(lookups) if lookups else ())
    return [_keys_among(subjects, found) for _, subjects in asked]


def _keys_among(subjects: Iterable[Subject], found: Iterator[Outcome[str]]) -> Outcome[dict[Subject, str]]:
    """The keys of these subjects; `found` goes on with those that had to be looked up."""
    outcomes = {subject: _key(subject, found) for subject in subjects}
    keys = {subject: key for subject, key in outcomes.items() if isinstance(key, str)}
    if len(keys) == len(outcomes):
        return keys
    return next(one for one in outcomes.values() if isinstance(one, Exception))


async def store(deps: IngestDependencies, drafts: Sequence[Draft], arrival: Arrival) -> list[Accepted]:
    """Stores the events of `drafts`. Raises `Busy`, or `InvalidPayload` if one is too large to be stored."""
    keys = await find_keys(deps, arrival.shop, (draft.subject for draft in drafts))
    finished = finish(drafts, keys, arrival, deps.limits)
    await publish(deps, finished)
    return accepted(finished)


async def publish(deps: IngestDependencies, finished: Sequence[Finished]) -> None:
    """Stores finished events, all of them acknowledged. Raises `Busy`."""
    if finished:
        complete = await with_merged_keys(deps.keys, finished)
        await deps.log.events([(partition_key(done.event.shop, done.event.key), done.value) for done in complete])
        await let_names_follow(deps.keys, [done.event for done in complete])


def accepted(finished: Iterable[Finished]) -> list[Accepted]:
    """What the sender is told of them."""
    return [
        Accepted(id=done.event.id, type=done.event.type, key=done.event.key, time=done.event.time, note=done.note)
        for done in finished
    ]


def _key(subject: Subject, found: Iterator[Outcome[str]]) -> Outcome[str]:
    match subject:
        case Person() | Product():
            return next(found)
        case WholeShop():
            return SHOP_KEY
        case KnownKey():
            return subject.key
        case _:
            assert_never(subject)
