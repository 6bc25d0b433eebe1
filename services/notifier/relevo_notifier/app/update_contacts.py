"""Keeping the contacts up to date by the events."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from relevo_contracts.envelope import Event
from relevo_contracts.event_types import is_known
from relevo_contracts.keys import PRODUCT_PREFIX
from relevo_contracts.payloads import CustomerMerged, MessageEngagement, Payload
from relevo_notifier.app.ports import Contacts, ContactStore
from relevo_notifier.core.contact_changes import EVERYONE, BatchFacts, ContactChanges, Person
from relevo_runtime.clock import Clock
from relevo_runtime.errors import described
from relevo_runtime.records import Poison, Record, read

_event = msgspec.json.Decoder(Event)

_TRIES = 5
_PRODUCT = f"/{PRODUCT_PREFIX}".encode()  # says nothing of anybody


class _ChangedMeanwhileError(Exception):
    """Somebody of the batch turned out to be somebody else, or became known, while it was learnt: read it again."""


async def update_contacts(records: Sequence[Record], store: ContactStore, clock: Clock) -> None:
    """Apply a batch of events to the contacts, all or nothing of it; the same batch twice changes nothing.

    What is queued for people who are erased ends with them. Who opened and clicked what is kept as it comes. Raises
    `Poison` for a record that is not an event, or whose data does not fit its type. Types that are not canonical
    (workflows may emit their own) say nothing of contacts.
    """
    events = [_read(record) for record in records if _PRODUCT not in record.key]
    engagements = [(event, one) for event, one in events if isinstance(one, MessageEngagement)]
    if engagements:
        await store.keep_engagements(engagements, clock.now())
        events = [each for each in events if not isinstance(each[1], MessageEngagement)]
    if await _learn_plain(store, events):
        return None
    for shop, at in (await _shops_to_erase(store, events)).items():
        await store.forget_shop(shop, at)
    for _ in range(_TRIES):
        try:
            async with store.transaction() as contacts:
                return await _learn(contacts, events, clock)
        except _ChangedMeanwhileError:
            continue
    raise _ChangedMeanwhileError


async def _learn_plain(store: ContactStore, events: Sequence[tuple[Event, Payload | None]]) -> bool:
    """Learn what nearly all batches say, by one look and one statement at most. False: it takes a transaction."""
    batch = BatchFacts({})
    for event, payload in events:
        batch.add(event, payload)
    if not batch.is_plain:
        return False
    people = sorted(batch.people())
    known = await store.known(people) if people else {}
    if known is None:
        return False
    batch.leave_out({person: one.redacted_at for person, one in known.items() if one.redacted_at is not None})
    contacts = ContactChanges({person: one.contact for person, one in known.items() if one.contact is not None})
    for fact in batch.facts:
        contacts.learn(fact)
    return not contacts.changed or await store.keep_if_unchanged(contacts.changed, known)


async def _shops_to_erase(store: ContactStore, events: Sequence[tuple[Event, Payload | None]]) -> dict[str, datetime]:
    """The shops whose erasure is not behind us, with its time."""
    wanted: dict[Person, datetime] = {}
    for event, _ in events:
        if event.type == "shop.redacted" and not event.test:
            shop = event.shop, EVERYONE
            wanted[shop] = max(event.time, wanted.get(shop, event.time))
    already = await store.erased_already(wanted) if wanted else set()
    return {shop: at for (shop, key), at in wanted.items() if (shop, key) not in already}


async def _learn(tables: Contacts, events: Sequence[tuple[Event, Payload | None]], clock: Clock) -> None:
    batch = BatchFacts(
        await tables.merged_into({person for event, payload in events for person in _named(event, payload)})
    )
    for event, payload in events:
        batch.add(event, payload)
    batch.leave_out(await tables.redactions(sorted(batch.people() | batch.people_with_consents())))
    batch.leave_erased(await tables.erased_already(batch.erased))
    await tables.hold_places(batch.merged)
    await tables.keep_consents(batch.consents)
    earlier = await tables.earlier_keys(batch.erased)
    erased = {(shop, key): batch.erased[shop, into] for (shop, key), into in earlier.items()}
    await tables.forget(batch.erased | erased, clock.now())
    people = batch.people()
    known = await tables.for_update(sorted(people))
    contacts = ContactChanges(known)
    if await tables.merged_into(people):
        raise _ChangedMeanwhileError
    for fact in batch.facts:
        contacts.learn(fact)
    await tables.keep_merges(batch.merged)
    if not await tables.keep(contacts.changed, known):
        raise _ChangedMeanwhileError
    await tables.keep_unsubscribed(contacts.unsubscribed)
    await tables.lift_unsubscribed(contacts.undone)


def _named(event: Event, payload: Payload | None) -> list[Person]:
    """The people whom an event is about."""
    merged = payload.merged_keys if isinstance(payload, CustomerMerged) else []
    return [(event.shop, key) for key in (event.key, *merged)]


def _read(record: Record) -> tuple[Event, Payload | None]:
    event = read(_event, record)
    try:
        return event, event.payload() if is_known(event.type) else None
    except Exception as error:
        raise Poison(f"the event's data does not fit its type: {described(error)}", record) from error
