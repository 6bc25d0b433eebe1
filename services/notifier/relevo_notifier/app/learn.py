"""Keeping the contacts up to date by the events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from relevo_contracts.contact import Channel, Contact, apply_event
from relevo_contracts.envelope import Event
from relevo_contracts.event_types import is_known
from relevo_contracts.payloads import ConsentChanged, Payload
from relevo_notifier.adapters.contacts import (
    Person,
    contacts_for_update,
    forget,
    forget_shop,
    keep_consents,
    keep_contacts,
    keep_unsubscribed,
    redactions,
)
from relevo_runtime.clock import Clock
from relevo_runtime.errors import Poison
from relevo_runtime.kafka import Record, read
from relevo_runtime.postgres import Pool
from relevo_runtime.supervision import described

_event = msgspec.json.Decoder(Event)

_NOBODY = Contact()

Fact: TypeAlias = tuple[Payload, datetime]
"""What an event says, and when it happened."""


EVERYONE = ""
"""In place of a key: everyone of the shop."""

UNSUBSCRIBED = "unsubscribe-link"
"""The source of a withdrawal that concerns the address, whoever has it."""


class _Learnt:
    """What a batch says, in order: `about` is what counts after the last redaction of each person."""

    def __init__(self) -> None:
        self.about: dict[Person, list[Fact]] = {}
        self.erased: dict[Person, datetime] = {}
        self.said: list[tuple[Event, ConsentChanged]] = []

    def add(self, event: Event, payload: Payload | None) -> None:
        """Take in the next event; a test says nothing of anybody."""
        if event.test:
            return
        if event.type == "customer.redacted":
            self._erase((event.shop, event.key), event.time)
            self.about.pop((event.shop, event.key), None)
        elif event.type == "shop.redacted":
            self._erase((event.shop, EVERYONE), event.time)
            self.about = {person: facts for person, facts in self.about.items() if person[0] != event.shop}
        elif payload is not None and hasattr(payload, "customer"):
            self.about.setdefault((event.shop, event.key), []).append((payload, event.time))
            if isinstance(payload, ConsentChanged):
                self.said.append((event, payload))

    def leave_out(self, gone: Mapping[Person, datetime]) -> None:
        """What happened before people were erased is not learnt of them again."""
        for person, at in gone.items():
            self.about[person] = [fact for fact in self.about[person] if fact[1] > at]
        self.said = [(event, said) for event, said in self.said if not _before(event, gone)]

    def _erase(self, person: Person, at: datetime) -> None:
        self.erased[person] = max(at, self.erased.get(person, at))


def _before(event: Event, gone: Mapping[Person, datetime]) -> bool:
    at = gone.get((event.shop, event.key))
    return at is not None and event.time <= at


async def learn_contacts(records: Sequence[Record], pool: Pool, clock: Clock) -> None:
    """Apply a batch of events to the contacts, in one transaction; the same batch twice changes nothing.

    What is queued for people who are erased ends with them. Raises `Poison` for a record that is no event, or whose
    data does not fit its type. Types that are not canonical (workflows may emit their own) say nothing of contacts.
    """
    learnt = _Learnt()
    for record in records:
        learnt.add(*_read(record))
    for shop in {shop for shop, key in learnt.erased if key == EVERYONE}:
        await forget_shop(pool, shop)
    async with pool.acquire() as connection, connection.transaction():
        learnt.leave_out(await redactions(connection, list(learnt.about)))
        await keep_consents(connection, learnt.said)
        await forget(connection, learnt.erased, clock.now())
        known = await contacts_for_update(connection, list(learnt.about))
        changed, unsubscribed = _changed(learnt.about, known)
        await keep_contacts(connection, changed)
        await keep_unsubscribed(connection, unsubscribed)


def _read(record: Record) -> tuple[Event, Payload | None]:
    event = read(_event, record)
    try:
        return event, event.payload() if is_known(event.type) else None
    except Exception as error:
        raise Poison(f"the event's data does not fit its type: {described(error)}", record) from error


def _changed(
    about: Mapping[Person, Sequence[Fact]], known: Mapping[Person, Contact]
) -> tuple[dict[Person, Contact], list[tuple[str, Channel, str, datetime]]]:
    """The contacts that are others now, and the addresses that were unsubscribed."""
    changed = {}
    unsubscribed: list[tuple[str, Channel, str, datetime]] = []
    for person, facts in about.items():
        before = contact = known.get(person, _NOBODY)
        for payload, at in facts:
            contact = apply_event(contact, payload, at)
            if isinstance(payload, ConsentChanged) and (payload.state, payload.source) == ("withdrawn", UNSUBSCRIBED):
                channel: Channel = "email" if payload.channel == "email" else "sms"
                address = contact.email if channel == "email" else contact.phone
                if address:
                    unsubscribed.append((person[0], channel, address, at))
        if contact is not before:
            changed[person] = contact
    return changed, unsubscribed
