"""Keeping the contacts up to date by the events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from relevo_contracts.contact import Contact, apply_event
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import EVENT_TYPES, Payload
from relevo_notifier.adapters.contacts import Person, contacts_for_update, forget, keep_contacts
from relevo_runtime.errors import Poison
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Pool

_decode = msgspec.json.Decoder(Event).decode

_NOBODY = Contact()

Fact: TypeAlias = tuple[Payload, datetime]
"""What an event says, and when it happened."""


async def learn_contacts(records: Sequence[Record], pool: Pool) -> None:
    """Apply a batch of events to the contacts, in one transaction; the same batch twice changes nothing.

    Raises `Poison` for a record that is no event, or whose data does not fit its type. Types that are not canonical
    (workflows may emit their own) say nothing of contacts.
    """
    about: dict[Person, list[Fact]] = {}
    erased: list[Person] = []
    shops: set[str] = set()
    for record in records:
        event, payload = _read(record)
        if event.type == "customer.redacted":
            erased.append((event.shop, event.key))
        elif event.type == "shop.redacted":
            shops.add(event.shop)
        elif payload is not None and hasattr(payload, "customer"):
            about.setdefault((event.shop, event.key), []).append((payload, event.time))
    async with pool.acquire() as connection, connection.transaction():
        known = await contacts_for_update(connection, list(about))
        await keep_contacts(connection, _changed(about, known))
        await forget(connection, erased, shops)


def _read(record: Record) -> tuple[Event, Payload | None]:
    try:
        event = _decode(record.value)
        return event, event.payload() if event.type in EVENT_TYPES else None
    except msgspec.DecodeError as error:
        raise Poison(f"not an event, or its data does not fit its type: {error}", record) from error


def _changed(about: Mapping[Person, Sequence[Fact]], known: Mapping[Person, Contact]) -> dict[Person, Contact]:
    changed = {}
    for person, facts in about.items():
        before = contact = known.get(person, _NOBODY)
        for payload, at in facts:
            contact = apply_event(contact, payload, at)
        if contact is not before:
            changed[person] = contact
    return changed
