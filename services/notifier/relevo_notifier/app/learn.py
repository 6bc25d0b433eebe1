"""Keeping the contacts up to date by the events."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple, TypeAlias

import msgspec

from relevo_contracts.consents import LINK
from relevo_contracts.contact import Channel, Contact, apply_event, join, statements
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import is_known
from relevo_contracts.payloads import ConsentChanged, CustomerMerged, Payload
from relevo_notifier.adapters.contacts import (
    Person,
    contacts_for_update,
    erased_already,
    forget,
    forget_shop,
    keep_consents,
    keep_contacts,
    keep_unsubscribed,
    lift_unsubscribed,
    redactions,
)
from relevo_notifier.adapters.merges import copy_to_old_keys, earlier_keys, into_whom, keep_merges
from relevo_runtime.clock import Clock
from relevo_runtime.errors import described
from relevo_runtime.kafka import Record, read
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.records import Poison

_event = msgspec.json.Decoder(Event)

_NOBODY = Contact()

Fact: TypeAlias = tuple[Person, Payload, datetime]
"""About whom an event says what, and when it happened."""


EVERYONE = ""
"""In place of a key: everyone of the shop."""

_TRIES = 5


class _MergedMeanwhileError(Exception):
    """Somebody of the batch turned out to be somebody else while the batch waited for them: read it again."""


def _named(event: Event, payload: Payload | None) -> list[Person]:
    """The people whom an event is about."""
    merged = payload.merged_keys if isinstance(payload, CustomerMerged) else []
    return [(event.shop, key) for key in (event.key, *merged)]


class _Merge(NamedTuple):
    """Somebody turned out to be somebody else."""

    gone: Person
    kept: Person
    at: datetime


class _Learnt:
    """What a batch says, in order: `facts` are those that count after the last redaction of each person.

    `now_is` are people who are others by now; `merged` are those who turn out to be in this batch, in order. That
    somebody is another outlives the erasure of both, and whoever is erased is erased as all that they were.
    """

    def __init__(self, now_is: Mapping[Person, str]) -> None:
        self.now_is = now_is
        self.merged: dict[Person, str] = {}
        self.facts: list[Fact | _Merge] = []
        self.erased: dict[Person, datetime] = {}
        self.said: list[tuple[Event, ConsentChanged]] = []

    def add(self, event: Event, payload: Payload | None) -> None:
        """Take in the next event."""
        if event.test:
            return
        person = self._person(event.shop, event.key)
        if event.type == "customer.redacted":
            self._erase({person, *(gone for gone in self.merged if self._person(*gone) == person)}, event.time)
        elif event.type == "shop.redacted":
            self._erase({(event.shop, EVERYONE)}, event.time)
        elif payload is not None and hasattr(payload, "customer"):
            if not self._is_erased(person, event.time):
                self.facts.append((person, payload, event.time))
            if isinstance(payload, CustomerMerged):
                self._merge(person, payload, event.time)
            if isinstance(payload, ConsentChanged):
                self.said.append((msgspec.structs.replace(event, key=person[1]), payload))

    def leave_out(self, gone: Mapping[Person, datetime]) -> None:
        """What happened before people were erased is not learnt of them again, nor of whom they were by then."""
        self.said = [each for each in self.said if not _is_before((each[0].shop, each[0].key), each[0].time, gone)]
        erased = dict(gone)
        for merge in self.merges():
            at = max(gone.get(merge.kept, merge.at), self.erased.get(merge.kept, merge.at))
            if at > merge.at and not _is_before(merge.gone, at, erased):
                erased[merge.gone] = self.erased[merge.gone] = at
        self.facts = [
            fact for fact in self.facts if isinstance(fact, _Merge) or not _is_before(fact[0], fact[2], erased)
        ]

    def leave_erased(self, already: Iterable[Person]) -> None:
        """These were erased as this batch says, or later: what is known of them came after."""
        for person in already:
            del self.erased[person]

    def merges(self) -> list[_Merge]:
        """Who turned out to be whom."""
        return [fact for fact in self.facts if isinstance(fact, _Merge)]

    def people(self) -> set[Person]:
        """Of whom something is learnt."""
        about = {fact[0] for fact in self.facts if not isinstance(fact, _Merge)}
        return about.union(*((merge.gone, merge.kept) for merge in self.merges()))

    def speakers(self) -> set[Person]:
        """Who said something about consent."""
        return {(event.shop, event.key) for event, _ in self.said}

    def _person(self, shop: str, key: str) -> Person:
        key = self.now_is.get((shop, key), key)
        while (shop, key) in self.merged:
            key = self.merged[shop, key]
        return shop, key

    def _merge(self, kept: Person, payload: CustomerMerged, at: datetime) -> None:
        for key in payload.merged_keys:
            gone = self._person(kept[0], key)
            if gone != kept:
                self.merged[gone] = kept[1]
                self.facts.append(_Merge(gone, kept, at))

    def _erase(self, people: Set[Person], at: datetime) -> None:
        for person in people:
            self.erased[person] = max(at, self.erased.get(person, at))
        shops = {shop for shop, key in people if key == EVERYONE}
        self.facts = [
            fact for fact in self.facts if isinstance(fact, _Merge) or not (fact[0] in people or fact[0][0] in shops)
        ]

    def _is_erased(self, person: Person, at: datetime) -> bool:
        return _is_before(person, at, self.erased) or _is_before((person[0], EVERYONE), at, self.erased)


def _is_before(person: Person, at: datetime, erased: Mapping[Person, datetime]) -> bool:
    erased_at = erased.get(person)
    return erased_at is not None and at <= erased_at


class _Contacts:
    """The contacts while a batch is folded into them."""

    def __init__(self, known: Mapping[Person, Contact]) -> None:
        self.known = known
        self.changed: dict[Person, Contact] = {}
        self.unsubscribed: list[tuple[str, Channel, str, datetime]] = []
        self.undone: list[tuple[str, Channel, str, datetime]] = []

    def learn(self, fact: Fact | _Merge) -> None:
        """Take in what was said."""
        if isinstance(fact, _Merge):
            return self._merge(fact)
        person, payload, at = fact
        contact = apply_event(self.of(person), payload, at)
        if isinstance(payload, ConsentChanged) and payload.channel in ("email", "sms"):
            self._unsubscribe(person[0], payload, at, contact)
        if contact is not self.of(person):
            self.changed[person] = contact
        return None

    def _unsubscribe(self, shop: str, said: ConsentChanged, at: datetime, contact: Contact) -> None:
        """An address that was unsubscribed by a link, or for which that was undone."""
        channel: Channel = "email" if said.channel == "email" else "sms"
        if (said.state, said.source) == ("withdrawn", LINK) and contact.address(channel):
            self.unsubscribed.append((shop, channel, contact.address(channel), at))
        elif said.state == "restored" and said.undoes is not None:
            # The person may have another address by now.
            addresses = {contact.address(channel), *statements(contact, channel)} - {""}
            self.undone += [(shop, channel, address, said.undoes) for address in sorted(addresses)]

    def of(self, person: Person) -> Contact:
        """What is known of somebody by now."""
        return self.changed.get(person) or self.known.get(person, _NOBODY)

    def _merge(self, merge: _Merge) -> None:
        kept, gone = self.of(merge.kept), self.of(merge.gone)
        self.changed.pop(merge.gone, None)
        if kept is not _NOBODY or gone is not _NOBODY:
            self.changed[merge.kept] = join(kept, gone)


async def learn_contacts(records: Sequence[Record], pool: Pool, clock: Clock) -> None:
    """Apply a batch of events to the contacts, in one transaction; the same batch twice changes nothing.

    What is queued for people who are erased ends with them. Raises `Poison` for a record that is no event, or whose
    data does not fit its type. Types that are not canonical (workflows may emit their own) say nothing of contacts.
    """
    events = [_read(record) for record in records]
    for shop, at in (await _shops_to_erase(pool, events)).items():
        await forget_shop(pool, shop, at)
    for _ in range(_TRIES):
        try:
            async with pool.acquire() as connection, connection.transaction():
                return await _learn(connection, events, clock)
        except _MergedMeanwhileError:
            continue
    raise _MergedMeanwhileError


async def _shops_to_erase(pool: Pool, events: Sequence[tuple[Event, Payload | None]]) -> dict[str, datetime]:
    """The shops whose erasure is not behind us, with its time."""
    wanted: dict[Person, datetime] = {}
    for event, _ in events:
        if event.type == "shop.redacted" and not event.test:
            shop = event.shop, EVERYONE
            wanted[shop] = max(event.time, wanted.get(shop, event.time))
    async with pool.acquire() as connection:
        already = await erased_already(connection, wanted)
    return {shop: at for (shop, key), at in wanted.items() if (shop, key) not in already}


async def _learn(connection: Connection, events: Sequence[tuple[Event, Payload | None]], clock: Clock) -> None:
    now_is = await into_whom(connection, {person for event, payload in events for person in _named(event, payload)})
    learnt = _Learnt(now_is)
    for event, payload in events:
        learnt.add(event, payload)
    learnt.leave_out(await redactions(connection, sorted(learnt.people() | learnt.speakers())))
    learnt.leave_erased(await erased_already(connection, learnt.erased))
    await keep_consents(connection, learnt.said)
    earlier = await earlier_keys(connection, learnt.erased)
    erased = {(shop, key): learnt.erased[shop, into] for (shop, key), into in earlier.items()}
    await forget(connection, learnt.erased | erased, clock.now())
    people = learnt.people()
    contacts = _Contacts(await contacts_for_update(connection, sorted(people)))
    if await into_whom(connection, people):
        raise _MergedMeanwhileError
    for fact in learnt.facts:
        contacts.learn(fact)
    await keep_merges(connection, learnt.merged)
    await keep_contacts(connection, contacts.changed)
    await copy_to_old_keys(connection, contacts.changed)
    await keep_unsubscribed(connection, contacts.unsubscribed)
    await lift_unsubscribed(connection, contacts.undone)


def _read(record: Record) -> tuple[Event, Payload | None]:
    event = read(_event, record)
    try:
        return event, event.payload() if is_known(event.type) else None
    except Exception as error:
        raise Poison(f"the event's data does not fit its type: {described(error)}", record) from error
