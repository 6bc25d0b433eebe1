"""Somebody says what they want to get. It holds when this is acknowledged: no later message is sent that it forbids."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct

from relevo_contracts.envelope import partition_key
from relevo_contracts.payloads import ConsentChanged
from relevo_contracts.standing import HOLDS_AFTER, Standing, Statement
from relevo_ingest.app.event_store import within_budget
from relevo_ingest.app.ports import IngestDependencies
from relevo_ingest.core.aliases import KnownKey, Subject
from relevo_ingest.core.drafts import Arrival, Draft, finish
from relevo_ingest.core.errors import Busy

_log = logging.getLogger(__name__)
_TRIES = 3


class ConsentStore(Protocol):
    """Where consent is kept for the decision to send. Each call raises `Busy` if the database can't be asked now."""

    async def look(self, shop: str, key: str) -> Standing:
        """What is known of whoever has this key."""
        ...

    async def keep(self, person: Standing, said: Sequence[Statement], address: str) -> list[int] | None:
        """Commit it, with the events about it; gives their numbers. `None`: it is somebody else by now."""
        ...

    async def holds(self, person: Standing, said: Sequence[Statement]) -> bool:
        """Whether it is still there."""
        ...

    async def published(self, numbers: Sequence[int]) -> None:
        """Kafka has these events."""
        ...


class ConsentDependencies(Struct, frozen=True):
    """What saying something needs. `sleep` waits for so many seconds of wall-clock time."""

    ingest: IngestDependencies
    store: ConsentStore
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Said(Struct, frozen=True, kw_only=True):
    """Payloads under their ids, of one arrival. `address`, masked, is that of the link which was followed."""

    payloads: Sequence[tuple[str, ConsentChanged]]
    arrival: Arrival
    address: str = ""


async def say(deps: ConsentDependencies, shop: str, key: str, of: Callable[[Standing], Said]) -> Standing:
    """Keep what `of` makes of what is known; returns what is known then, once nothing older is acted on any more.

    Kafka need not be there: what it has not taken yet is in the outbox. Of somebody who was erased nothing is kept.
    Raises `Busy` if it may not hold.
    """
    for _ in range(_TRIES):
        async with within_budget(deps.ingest.budget):
            person = await deps.store.look(shop, key)
        said = of(person)
        if person.erased or not said.payloads:
            return person
        statements = _statements(deps.ingest, person.key, said)
        async with within_budget(deps.ingest.budget):
            numbers = await deps.store.keep(person, statements, said.address)
        if numbers is None:
            continue
        await asyncio.gather(deps.sleep(HOLDS_AFTER), _publish(deps, person, statements, numbers))
        if await deps.store.holds(person, statements):
            return await deps.store.look(shop, person.key)
    raise Busy("what was said does not hold yet")


def _statements(ingest: IngestDependencies, key: str, said: Said) -> list[Statement]:
    subject: Subject = KnownKey(key)
    at = said.arrival.received
    drafts = [
        Draft(type="consent.changed", payload=payload, subject=subject, at=at, id=id_) for id_, payload in said.payloads
    ]
    finished = finish(drafts, {subject: key}, said.arrival, ingest.limits)
    return [
        Statement(id=one.event.id, source=one.event.source, at=one.event.time, payload=payload, value=one.value)
        for one, (_, payload) in zip(finished, said.payloads, strict=True)
    ]


async def _publish(
    deps: ConsentDependencies, person: Standing, statements: Sequence[Statement], numbers: Sequence[int]
) -> None:
    """Publish at once what the outbox has; what Kafka does not take now is published from there later."""
    try:
        async with within_budget(HOLDS_AFTER):
            key = partition_key(person.shop, person.key)
            await deps.ingest.log.events([(key, one.value) for one in statements])
            await deps.store.published(numbers)
    except Busy as error:
        _log.warning("a statement about consent waits in the outbox: %s", error, extra={"repeats": "outbox"})
