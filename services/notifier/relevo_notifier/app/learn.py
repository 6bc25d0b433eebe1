"""Keeping the contacts up to date by the events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from relevo_contracts.consents import LINK
from relevo_contracts.contact import Channel, Contact, apply_event, join, statements
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import is_known
from relevo_contracts.payloads import ConsentChanged, CustomerMerged, Payload
from relevo_notifier.adapters.contacts import (
    Person,
    contacts_for_update,
    forget,
    forget_shop,
    keep_consents,
    keep_contacts,
    keep_unsubscribed,
    lift_unsubscribed,
    redactions,
)
from relevo_notifier.adapters.merges import also, copy_to_old_keys, into_whom, keep_merges
from relevo_runtime.clock import Clock
from relevo_runtime.errors import Poison
from relevo_runtime.kafka import Record, read
from relevo_runtime.postgres import Connection, Pool
from relevo_runtime.supervision import described

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


class _Learnt:
    """What a batch says, in order: `facts` are those that count after the last redaction of each person.

    `now_is` are people who are others by now.
    """

    def __init__(self, now_is: Mapping[Person, str]) -> None:
        self.now_is = now_is
        self.facts: list[Fact] = []
        self.erased: dict[Person, datetime] = {}
        self.said: list[tuple[Event, ConsentChanged]] = []

    def add(self, event: Event, payload: Payload | None) -> None:
        """Take in the next event."""
        if event.test:
            return
        person = self._person(event.shop, event.key)
        if event.type == "customer.redacted":
            self._erase(person, event.time)
            self.facts = [fact for fact in self.facts if fact[0] != person]
        elif event.type == "shop.redacted":
            self._erase((event.shop, EVERYONE), event.time)
            self.facts = [fact for fact in self.facts if fact[0][0] != event.shop]
        elif payload is not None and hasattr(payload, "customer"):
            self.facts.append((person, payload, event.time))
            if isinstance(payload, ConsentChanged):
                self.said.append((msgspec.structs.replace(event, key=person[1]), payload))

    def leave_out(self, gone: Mapping[Person, datetime]) -> None:
        """What happened before people were erased is not learnt of them again."""
        self.facts = [fact for fact in self.facts if fact[0] not in gone or fact[2] > gone[fact[0]]]
        self.said = [(event, said) for event, said in self.said if not _before(event, gone)]

    def merging(self) -> list[Person]:
        """Whose contacts are joined to another's."""
        return [
            self._person(shop, key)
            for (shop, _), payload, _ in self.facts
            if isinstance(payload, CustomerMerged)
            for key in payload.merged_keys
        ]

    def _person(self, shop: str, key: str) -> Person:
        return shop, self.now_is.get((shop, key), key)

    def _erase(self, person: Person, at: datetime) -> None:
        self.erased[person] = max(at, self.erased.get(person, at))


def _before(event: Event, gone: Mapping[Person, datetime]) -> bool:
    at = gone.get((event.shop, event.key))
    return at is not None and event.time <= at


class _Contacts:
    """The contacts while a batch is folded into them. `merged` are people who turned out to be others, in order."""

    def __init__(self, known: Mapping[Person, Contact]) -> None:
        self.known = known
        self.changed: dict[Person, Contact] = {}
        self.unsubscribed: list[tuple[str, Channel, str, datetime]] = []
        self.undone: list[tuple[str, Channel, str, datetime]] = []
        self.merged: dict[Person, str] = {}

    def learn(self, fact: Fact) -> None:
        """Take in what was said."""
        person, payload, at = self._now(fact[0]), fact[1], fact[2]
        contact = apply_event(self.of(person), payload, at)
        if isinstance(payload, CustomerMerged):
            for key in payload.merged_keys:
                contact = self._merge(self._now((person[0], key)), person, contact)
        if isinstance(payload, ConsentChanged) and payload.channel in ("email", "sms"):
            self._unsubscribe(person[0], payload, at, contact)
        if contact is not self.of(person):
            self.changed[person] = contact

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

    def _merge(self, gone: Person, kept: Person, contact: Contact) -> Contact:
        if gone == kept:
            return contact
        joined = join(contact, self.of(gone))
        self.merged[gone] = kept[1]
        self.changed.pop(gone, None)
        return joined

    def _now(self, person: Person) -> Person:
        while person in self.merged:
            person = person[0], self.merged[person]
        return person


async def learn_contacts(records: Sequence[Record], pool: Pool, clock: Clock) -> None:
    """Apply a batch of events to the contacts, in one transaction; the same batch twice changes nothing.

    What is queued for people who are erased ends with them. Raises `Poison` for a record that is no event, or whose
    data does not fit its type. Types that are not canonical (workflows may emit their own) say nothing of contacts.
    """
    events = [_read(record) for record in records]
    for shop in {event.shop for event, _ in events if event.type == "shop.redacted" and not event.test}:
        await forget_shop(pool, shop)
    for _ in range(_TRIES):
        try:
            async with pool.acquire() as connection, connection.transaction():
                return await _learn(connection, events, clock)
        except _MergedMeanwhileError:
            continue
    raise _MergedMeanwhileError


async def _learn(connection: Connection, events: Sequence[tuple[Event, Payload | None]], clock: Clock) -> None:
    now_is = await into_whom(connection, {person for event, payload in events for person in _named(event, payload)})
    learnt = _Learnt(now_is)
    for event, payload in events:
        learnt.add(event, payload)
    learnt.leave_out(await redactions(connection, sorted({fact[0] for fact in learnt.facts})))
    await keep_consents(connection, learnt.said)
    before = await also(connection, learnt.erased)
    erased = {(shop, key): learnt.erased[shop, into] for (shop, key), into in before.items()}
    await forget(connection, learnt.erased | erased, clock.now())
    people = {fact[0] for fact in learnt.facts} | set(learnt.merging())
    contacts = _Contacts(await contacts_for_update(connection, sorted(people)))
    if await into_whom(connection, people):
        raise _MergedMeanwhileError
    for fact in learnt.facts:
        contacts.learn(fact)
    await keep_merges(connection, contacts.merged)
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
