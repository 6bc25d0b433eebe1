"""What a batch of events says of people: who may be reached how, who is whom, who was erased. Pure."""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import NamedTuple, TypeAlias

import msgspec

from relevo_contracts.consents import LINK
from relevo_contracts.contact import Channel, Contact, apply_event, join, statements
from relevo_contracts.envelope import Event
from relevo_contracts.payloads import ConsentChanged, CustomerMerged, Payload

_NOBODY = Contact()

Person: TypeAlias = tuple[str, str]
"""A shop and a key."""

Fact: TypeAlias = tuple[Person, Payload, datetime]
"""About whom an event says what, and when it happened."""


EVERYONE = ""
"""In place of a key: everyone of the shop."""


class Known(NamedTuple):
    """What is known of somebody, and `version`, by which it is seen whether that has changed meanwhile."""

    contact: Contact | None
    version: str | None
    redacted_at: datetime | None


class Merge(NamedTuple):
    """Somebody turned out to be somebody else."""

    gone: Person
    kept: Person
    at: datetime


class BatchFacts:
    """What a batch says, in order: `facts` are those that count after the last redaction of each person.

    `now_is` are people who are others by now; `merged` are those who turn out to be in this batch, in order. That
    somebody is another outlives the erasure of both, and whoever is erased is erased as all that they were.
    """

    def __init__(self, now_is: Mapping[Person, str]) -> None:
        self.now_is = now_is
        self.merged: dict[Person, str] = {}
        self.facts: list[Fact | Merge] = []
        self.erased: dict[Person, datetime] = {}
        self.consents: list[tuple[Event, ConsentChanged]] = []

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
                self.consents.append((msgspec.structs.replace(event, key=person[1]), payload))

    def leave_out(self, gone: Mapping[Person, datetime]) -> None:
        """What happened before people were erased is not kept of them again, nor of whom they were by then."""
        self.consents = [
            each for each in self.consents if not _is_before((each[0].shop, each[0].key), each[0].time, gone)
        ]
        erased = dict(gone)
        for merge in self.merges():
            at = max(gone.get(merge.kept, merge.at), self.erased.get(merge.kept, merge.at))
            if at > merge.at and not _is_before(merge.gone, at, erased):
                erased[merge.gone] = self.erased[merge.gone] = at
        self.facts = [
            fact for fact in self.facts if isinstance(fact, Merge) or not _is_before(fact[0], fact[2], erased)
        ]

    def leave_erased(self, already: Iterable[Person]) -> None:
        """These were erased as this batch says, or later: what is known of them came after."""
        for person in already:
            del self.erased[person]

    @property
    def is_plain(self) -> bool:
        """Whether nobody is merged or erased and nothing was said about consent: contacts are all that may change."""
        return not (self.merged or self.erased or self.consents)

    def merges(self) -> list[Merge]:
        """Who turned out to be whom."""
        return [fact for fact in self.facts if isinstance(fact, Merge)]

    def people(self) -> set[Person]:
        """Whose contacts change."""
        about = {fact[0] for fact in self.facts if not isinstance(fact, Merge)}
        return about.union(*((merge.gone, merge.kept) for merge in self.merges()))

    def people_with_consents(self) -> set[Person]:
        """Who said something about consent."""
        return {(event.shop, event.key) for event, _ in self.consents}

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
                self.facts.append(Merge(gone, kept, at))

    def _erase(self, people: Set[Person], at: datetime) -> None:
        for person in people:
            self.erased[person] = max(at, self.erased.get(person, at))
        shops = {shop for shop, key in people if key == EVERYONE}
        self.facts = [
            fact for fact in self.facts if isinstance(fact, Merge) or not (fact[0] in people or fact[0][0] in shops)
        ]

    def _is_erased(self, person: Person, at: datetime) -> bool:
        return _is_before(person, at, self.erased) or _is_before((person[0], EVERYONE), at, self.erased)


def _is_before(person: Person, at: datetime, erased: Mapping[Person, datetime]) -> bool:
    erased_at = erased.get(person)
    return erased_at is not None and at <= erased_at


class ContactChanges:
    """The contacts while a batch is folded into them."""

    def __init__(self, known: Mapping[Person, Contact]) -> None:
        self.known = known
        self.changed: dict[Person, Contact] = {}
        self.unsubscribed: list[tuple[str, Channel, str, datetime]] = []
        self.undone: list[tuple[str, Channel, str, datetime]] = []

    def learn(self, fact: Fact | Merge) -> None:
        """Take in what was said."""
        if isinstance(fact, Merge):
            return self._merge(fact)
        person, payload, at = fact
        contact = apply_event(self.of(person), payload, at)
        if isinstance(payload, ConsentChanged):
            self._unsubscribe(person[0], payload, at, contact)
        if contact is not self.of(person):
            self.changed[person] = contact
        return None

    def _unsubscribe(self, shop: str, statement: ConsentChanged, at: datetime, contact: Contact) -> None:
        """An address that was unsubscribed by a link, or for which that was undone."""
        channel = statement.channel
        if (statement.state, statement.source) == ("withdrawn", LINK) and contact.address(channel):
            self.unsubscribed.append((shop, channel, contact.address(channel), at))
        elif statement.state == "restored" and statement.undoes is not None:
            # The person may have another address by now.
            addresses = {contact.address(channel), *statements(contact, channel)} - {""}
            self.undone += [(shop, channel, address, statement.undoes) for address in sorted(addresses)]

    def of(self, person: Person) -> Contact:
        """What is known of somebody by now."""
        return self.changed.get(person) or self.known.get(person, _NOBODY)

    def _merge(self, merge: Merge) -> None:
        kept, gone = self.of(merge.kept), self.of(merge.gone)
        self.changed.pop(merge.gone, None)
        if kept is not _NOBODY or gone is not _NOBODY:
            self.changed[merge.kept] = join(kept, gone)
