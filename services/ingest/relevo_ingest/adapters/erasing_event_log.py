"""Erasures on their way to Kafka: ingest forgets the person when the event is stored, and lets nobody bring them back.

A webhook that comes late may name the person by any of their names. None of them is known any more, so it would get the
key that `new_key` makes of its strongest name. Each of these keys is therefore erased with the person: readers keep
when that was, and hear nothing from before.

What people say about being followed passes here as well, and is kept when it is stored: links ask nobody else.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from relevo_contracts.envelope import Event, partition_key
from relevo_contracts.event_types import ERASURES
from relevo_contracts.keys import SHOP_KEY, id_of_copy
from relevo_ingest.adapters.database_away import busy_while_away
from relevo_ingest.adapters.opt_ins import STATEMENTS as OPT_INS
from relevo_ingest.adapters.unfollowed import MENTION, Unfollowed, is_statement
from relevo_ingest.app.ports import EventLog, Message, Outcome, outcome_of
from relevo_ingest.core.aliases import Alias, Kind, new_key
from relevo_runtime.postgres import Connection, Pool, Statements

STATEMENTS = Statements.load("relevo_ingest.adapters", "erasing_event_log.sql")
PAGE = 5000
Person = tuple[str, str]
_ERASURES = tuple(name.encode() for name in ERASURES)
_event = msgspec.json.Decoder(Event)


class ErasingEventLog:
    """A log that, when it has stored an erasure, forgets whom it was about."""

    def __init__(self, log: EventLog, database: "Pool | Connection") -> None:
        self._log = log
        self._pool: Any = database
        self._unfollowed = Unfollowed(database)

    async def unrecognised(self, message: Message) -> None:
        """Keeps a message that has no event."""
        await self._log.unrecognised(message)

    async def events(self, messages: Sequence[Message]) -> None:
        """Stores events. Of those that erase, all that ingest keeps is gone when this returns.

        Raises `Busy`; then the same events may be stored again: nothing is forgotten before they are.
        """
        noted = [event for _, value in messages if (event := _noted(value)) is not None]
        if not noted:
            await self._log.events(messages)
            return
        erasures = [event for event in noted if event.type in ERASURES]
        statements = [event for event in noted if event.type not in ERASURES]
        with busy_while_away():
            await self._erase(messages, erasures)
            if statements:
                await self._unfollowed.said(statements)

    async def _erase(self, messages: Sequence[Message], erasures: Sequence[Event]) -> None:
        """Stores the messages; of those that erase, what ingest keeps is forgotten then."""
        people = [event for event in erasures if event.type == "customer.redacted"]
        names = await self._names(people) if people else {}
        copies = await self._under_other_keys(people, names) if people else []
        await self._log.events([*messages, *(message for _, message in copies)])
        if erasures:
            await self._unfollowed.erased([*erasures, *(event for event, _ in copies)])
        await self._forget(names)
        for event in erasures:
            if event.key == SHOP_KEY:
                await self._forget_shop(event.shop)

    async def events_of_each(self, groups: Sequence[Sequence[Message]]) -> list[Outcome[None]]:
        """Stores the events of several senders; those that are noted here one sender after the other."""
        outcomes: list[Outcome[None]] = [None] * len(groups)
        plain: list[int] = []
        for place, group in enumerate(groups):
            if any(_noted(value) is not None for _, value in group):
                outcomes[place] = await outcome_of(self.events(group))
            else:
                plain.append(place)
        found = await self._log.events_of_each([groups[place] for place in plain])
        for place, outcome in zip(plain, found, strict=True):
            outcomes[place] = outcome
        return outcomes

    async def _names(self, people: Sequence[Event]) -> dict[Person, list[Alias]]:
        rows = await self._pool.fetch(STATEMENTS["aliases"], [one.shop for one in people], [one.key for one in people])
        names: dict[Person, list[Alias]] = {}
        for row in rows:
            names.setdefault((row["shop"], row["key"]), []).append(Alias(Kind(row["kind"]), row["alias"]))
        return names

    async def _under_other_keys(
        self, people: Sequence[Event], names: dict[Person, list[Alias]]
    ) -> list[tuple[Event, Message]]:
        """The same erasures for the keys that the names would make, unless somebody else has them."""
        wanted = {
            (event.shop, new_key(event.shop, (alias,))): event
            for event in people
            for alias in names.get((event.shop, event.key), ())
        }
        keys = wanted.keys() - {(event.shop, event.key) for event in people}
        rows = await self._pool.fetch(STATEMENTS["owned"], *_columns(keys)) if keys else []
        free = sorted(keys - {(row["shop"], row["key"]) for row in rows})
        return [_copy(wanted[person], person[1]) for person in free]

    async def _forget(self, names: dict[Person, list[Alias]]) -> None:
        known = [(shop, alias) for (shop, _), aliases in names.items() for alias in aliases]
        orders = [(shop, alias.name.partition(":")[2]) for shop, alias in known if alias.kind is Kind.ORDER]
        addresses = [(shop, alias.name) for shop, alias in known if alias.kind is Kind.EMAIL]
        if addresses:
            await self._pool.execute(OPT_INS["forget"], *_columns(addresses))
        if orders:
            await self._pool.execute(STATEMENTS["states"], *_columns(orders))
        if known:
            await self._pool.execute(STATEMENTS["names"], *_columns((shop, alias.name) for shop, alias in known))

    async def _forget_shop(self, shop: str) -> None:
        names = ("names_of_shop", "states_of_shop", "imports_of_shop")
        for statement in (*(STATEMENTS[name] for name in names), OPT_INS["forget_shop"]):
            while _count(await self._pool.execute(statement, shop, PAGE)) >= PAGE:
                pass


def _noted(value: bytes) -> Event | None:
    """The event, if it erases somebody or says whether they may be followed."""
    if MENTION not in value and not any(name in value for name in _ERASURES):
        return None
    event = _event.decode(value)
    return event if (event.type in ERASURES and not event.test) or is_statement(event) else None


def _copy(event: Event, key: str) -> tuple[Event, Message]:
    copy = msgspec.structs.replace(event, id=id_of_copy(event.id, key), key=key)
    return copy, (partition_key(event.shop, key), msgspec.json.encode(copy))


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    listed = list(pairs)
    return [first for first, _ in listed], [second for _, second in listed]


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
