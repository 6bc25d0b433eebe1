"""Keeping the contacts up to date by the events."""

from collections.abc import Sequence

import msgspec

from relevo_contracts.contact import Contact, apply_event
from relevo_contracts.envelope import Event
from relevo_notifier.adapters.contacts import Person, contacts_for_update, forget, keep_contacts
from relevo_runtime.errors import Poison
from relevo_runtime.kafka import Record
from relevo_runtime.postgres import Pool

_decode = msgspec.json.Decoder(Event).decode

_NOBODY = Contact()


async def learn_contacts(records: Sequence[Record], pool: Pool) -> None:
    """Apply a batch of events to the contacts, in one transaction; the same batch twice changes nothing.

    Raises `Poison` if a record is no event, or its data does not fit its type.
    """
    events = [_read(record) for record in records]
    about: dict[Person, list[Event]] = {}
    for event in events:
        if "customer" in event.data and event.type != "customer.redacted":
            about.setdefault((event.shop, event.key), []).append(event)
    erased = [(event.shop, event.key) for event in events if event.type == "customer.redacted"]
    shops = {event.shop for event in events if event.type == "shop.redacted"}
    async with pool.acquire() as connection, connection.transaction():
        known = await contacts_for_update(connection, list(about))
        await keep_contacts(connection, _changed(about, known))
        await forget(connection, erased, shops)


def _read(record: Record) -> Event:
    try:
        return _decode(record.value)
    except msgspec.DecodeError as error:
        raise Poison(f"not an event: {error}") from error


def _changed(about: dict[Person, list[Event]], known: dict[Person, Contact]) -> dict[Person, Contact]:
    changed = {}
    for person, events in about.items():
        before = contact = known.get(person, _NOBODY)
        for event in events:
            try:
                contact = apply_event(contact, event.payload(), event.time)
            except (msgspec.ValidationError, KeyError) as error:
                raise Poison(f"event {event.id} of type {event.type} can't be read: {error}") from error
        if contact is not before:
            changed[person] = contact
    return changed
