"""What is known of how a person may be reached, and how an event changes it.

Consent belongs to the address or number that gave it: a person who changes the address has to agree anew, and a box
ticked for a friend's address says nothing of the person's own. What belongs to one order only (`EventContact`) never
becomes the person's.

The engine and the notifier each keep this projection of the events; the newest statement wins, so that
the order in which two projections learn of it does not matter.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from relevo_contracts.channels import CHANNELS, Channel, address_of
from relevo_contracts.consents import STOPS, Consent, lift, newer, newest_kept, withdrawals
from relevo_contracts.consents import UNKNOWN as _UNKNOWN
from relevo_contracts.devices import Device, with_devices
from relevo_contracts.payloads import (
    EVENT_TYPES,
    Buyer,
    ConsentChanged,
    EventContact,
    Instant,
    MessageReceived,
    Payload,
    PushChanged,
)

__all__ = [
    "CHANNELS",
    "Channel",
    "Contact",
    "address_of",
    "apply_buyer",
    "apply_event",
    "is_box",
    "join",
    "merge",
    "repeats_contact",
    "statements",
]


class Contact(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """How a person may be reached. Empty text means "not known".

    `email_consent`, `sms_consent` and `whatsapp_consent` are those of `email` and `phone`; without one they wait for
    one; `push_consent` is the person's, on whatever device. `consents` has those of other addresses and numbers
    (`email:friend@example.com`), which count once one of them becomes the person's own; `email:` and `sms:` are the
    newest withdrawal that named none, and holds for all. `customer_id` is the shop's id of the person (a guest: none).

    `devices` are the person's browsers by the endpoints that push messages go to.
    `whatsapp_wrote_at` is when the person last wrote to the shop by WhatsApp: for a day they may be answered freely.

    `topics` has what was said about purposes other than marketing (`email/newsletter:ana@example.com`), of each channel
    and address; without an address it is a withdrawal that holds for all. `bought_at` is the first order known, by
    which an address was got in a sale. `preferred` is the channel that the person wants first, said at `preferred_at`.
    """

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    locale: str = ""
    timezone: str = ""
    country: str = ""
    email_consent: Consent = _UNKNOWN
    sms_consent: Consent = _UNKNOWN
    whatsapp_consent: Consent = _UNKNOWN
    push_consent: Consent = _UNKNOWN
    updated_at: Instant | None = None
    customer_id: str = ""
    consents: dict[str, Consent] = {}
    topics: dict[str, Consent] = {}
    bought_at: Instant | None = None
    preferred: Literal["", "email", "sms", "whatsapp", "push"] = ""
    preferred_at: Instant | None = None
    whatsapp_wrote_at: Instant | None = None
    devices: dict[str, Device] = {}

    def consent(self, channel: Channel) -> Consent:
        """The newest consent statement for the person's own address on `channel`."""
        found: Consent = getattr(self, _CONSENT_FIELD[channel])
        return found

    def address(self, channel: Channel) -> str:
        """The person's own address or number on `channel`; none for `push`, which goes to devices."""
        return address_of(self, channel)

    def reachable(self, channel: Channel) -> bool:
        """Whether the person has an address on `channel`, or a device for `push`."""
        return any(one.p256dh for one in self.devices.values()) if channel == "push" else bool(self.address(channel))

    def topic_consent(self, channel: Channel, topic: str) -> Consent:
        """The newest statement about a purpose other than marketing, for the person's own address on `channel`."""
        if not self.topics:
            return _UNKNOWN
        name = f"{channel}/{topic}:"
        mine, everywhere = self.topics.get(name + self.address(channel)), self.topics.get(name)
        return newer(mine or _UNKNOWN, everywhere or _UNKNOWN)


_CONSENT_FIELD: dict[Channel, str] = {channel: f"{channel}_consent" for channel in CHANNELS}
_ADDRESS_FIELD: dict[Channel, str] = {"email": "email", "sms": "phone", "whatsapp": "phone"}
_BOX: dict[Channel, str] = {"email": "email_marketing", "sms": "sms_marketing"}
_SALE = "OrderChanged"
"""The payload of an order: an address that came with one was got in a sale (Directive 2002/58/EC, Art. 13(2))."""
_PAYLOADS = frozenset(payload.__name__ for payload in EVENT_TYPES.values())
_TEXT_FIELDS = frozenset(("email", "phone", "first_name", "last_name", "locale", "timezone", "country"))


def is_box(consent: Consent) -> bool:
    """Whether it is a box that was ticked beside an address, in whatever event: shops may keep it ticked for ever."""
    return consent.source in _PAYLOADS


def apply_event(contact: Contact, payload: Payload, at: datetime) -> Contact:
    """The contact after an event that happened at `at`. Returns `contact` itself if nothing changed."""
    buyer: Buyer | None = getattr(payload, "customer", None)
    if buyer is None:
        return contact
    if isinstance(payload, ConsentChanged):
        if payload.preferred:
            contact = _with_preferred(contact, payload.channel, at)
        if payload.topic or payload.purpose != "marketing":
            return _with_topic(contact, payload, payload.channel, at)
        # The number of a STOP may be one that the person had before: it says nothing of which is theirs now.
        stop = payload.source in STOPS
        updated = contact if stop else apply_buyer(contact, msgspec.to_builtins(buyer), at, "ConsentChanged")
        if payload.state == "restored":
            return _restored(updated, payload.channel, payload.undoes) if payload.undoes else updated
        return _with_consent(
            updated,
            payload.channel,
            address_of(buyer, payload.channel),
            Consent(state=payload.state, at=at, source=payload.source),
        )
    if isinstance(payload, PushChanged):
        contact = _with_device(contact, payload, at)
    if isinstance(payload, MessageReceived):
        contact = _with_message(contact, payload, at)
    given: EventContact | None = getattr(payload, "contact", None)
    contact_data = msgspec.to_builtins(given) if given is not None else None
    return apply_buyer(contact, msgspec.to_builtins(buyer), at, type(payload).__name__, contact_data)


def apply_buyer(
    contact: Contact, buyer: Mapping[str, Any], at: datetime, source: str, given: Mapping[str, Any] | None = None
) -> Contact:
    """The contact after a payload of the type `source` told of a `Buyer` at `at`; `contact` itself if nothing changed.

    `buyer` is a valid `Buyer` as it travels, `given` the event's `EventContact`: where the buyer only repeats that
    (see `repeats_contact`), it says nothing of the person.
    """
    if not repeats_contact(contact, buyer, given):
        contact = _with_profile(contact, buyer, at)
        contact = _with_checkbox_consents(contact, buyer, at, source, own=True)
    if source == _SALE and (contact.bought_at is None or at < contact.bought_at):
        contact = msgspec.structs.replace(contact, bought_at=at)
    return _with_checkbox_consents(contact, given, at, source, own=False) if given else contact


def repeats_contact(contact: Contact, buyer: Mapping[str, Any], given: object) -> bool:
    """Whether `buyer` is but the contact `given` with an event: its person has an id, and it names none."""
    return given is not None and bool(contact.customer_id) and not buyer.get("id")


def _with_profile(contact: Contact, buyer: Mapping[str, Any], at: datetime) -> Contact:
    """The contact with the newest of what the shop says of the person."""
    fresh = contact.updated_at is None or at >= contact.updated_at
    changes: dict[str, Any] = {  # empty text and `None` say nothing
        field: value
        for field, value in buyer.items()
        if value and field in _TEXT_FIELDS and value != (known := getattr(contact, field)) and (fresh or not known)
    }
    customer_id = buyer.get("id")
    if customer_id and customer_id != contact.customer_id and (fresh or not contact.customer_id):
        changes["customer_id"] = customer_id
    if not changes:
        return contact
    if fresh:
        changes["updated_at"] = at
    for channel, field in _ADDRESS_FIELD.items():
        if field in changes:
            contact = _at_address(contact, channel, changes[field])
    return msgspec.structs.replace(contact, **changes)


def _with_checkbox_consents(
    contact: Contact, whose: Mapping[str, Any], at: datetime, source: str, *, own: bool
) -> Contact:
    """The contact with the consents that ticked boxes grant anew, each to the address beside it.

    A box that is not ticked withdraws nothing, and one ticked again proves nothing newer, nor does it outweigh a STOP:
    shops keep it ticked that know nothing of that. Beside no address it is for the person's own, if it is `own`.
    """
    for channel, box in _BOX.items():
        if not whose.get(box):
            continue
        address = whose.get(_ADDRESS_FIELD[channel]) or ""
        if address or own:
            known = _statement(contact, channel, address or contact.address(channel))
            if known.state != "granted" and not (known.state == "withdrawn" and known.source in STOPS):
                contact = _with_consent(contact, channel, address, Consent(state="granted", at=at, source=source))
    return contact


def _with_consent(contact: Contact, channel: Channel, address: str, consent: Consent) -> Contact:
    """The contact after a statement about an address; about none: all are withdrawn, or the own one is granted."""
    own = contact.address(channel)
    about = address if address or consent.state == "withdrawn" else own
    if own and about == own and not contact.consents and contact.consent(channel) == _UNKNOWN:
        return _with_own(contact, channel, consent)  # the first that is known of most people
    known = statements(contact, channel)
    after = {**known, about: newer(known.get(about, _UNKNOWN), consent)}
    return contact if after == known else _with_statements(contact, channel, own, after)


def _with_preferred(contact: Contact, channel: Channel, at: datetime) -> Contact:
    """The contact of somebody who wants this channel first; the newest wish counts, at one instant e-mail."""
    known = contact.preferred_at
    if known is not None and (known > at or (known == at and contact.preferred == "email")):
        return contact
    return msgspec.structs.replace(contact, preferred=channel, preferred_at=at)


def _with_message(contact: Contact, said: MessageReceived, at: datetime) -> Contact:
    """The contact of somebody who wrote by WhatsApp, from the number that we write to."""
    given, known = said.contact.phone, contact.whatsapp_wrote_at
    if said.channel != "whatsapp" or (contact.phone and given != contact.phone) or (known is not None and known >= at):
        return contact
    return msgspec.structs.replace(contact, whatsapp_wrote_at=at)


def _with_device(contact: Contact, said: PushChanged, at: datetime) -> Contact:
    """The contact after a browser told that it takes messages, or none any more."""
    told = {said.endpoint: Device(p256dh=said.p256dh, auth=said.auth, at=at)}
    devices = with_devices(contact.devices, told)
    if devices != contact.devices:
        contact = msgspec.structs.replace(contact, devices=devices)
    if not (said.asked and said.p256dh):
        return contact
    return _with_consent(contact, "push", "", Consent(state="granted", at=at, source="PushChanged"))


def _with_topic(contact: Contact, said: ConsentChanged, channel: Channel, at: datetime) -> Contact:
    """The contact after a statement about a purpose other than marketing.

    One that names no address is about the own one; a withdrawal then is about all. Consent for no address that is known
    counts for none.
    """
    prefix = f"{channel}/{said.topic or said.purpose}:"
    if said.state == "restored":
        mine = {name: one for name, one in contact.topics.items() if name.startswith(prefix)}
        after = {name: lift(one, said.undoes) for name, one in mine.items()} if said.undoes is not None else mine
        return contact if after == mine else msgspec.structs.replace(contact, topics={**contact.topics, **after})
    address = address_of(said.customer, channel) or ("" if said.state == "withdrawn" else contact.address(channel))
    if not address and said.state != "withdrawn" and channel in _ADDRESS_FIELD:
        return contact
    known = contact.topics.get(prefix + address, _UNKNOWN)
    consent = newer(known, Consent(state=said.state, at=at, source=said.source))
    if consent == known:
        return contact
    return msgspec.structs.replace(contact, topics=newest_kept({**contact.topics, prefix + address: consent}))


def _with_own(contact: Contact, channel: Channel, consent: Consent) -> Contact:
    own: dict[str, Any] = {_CONSENT_FIELD[channel]: consent}
    return msgspec.structs.replace(contact, **own)


def _restored(contact: Contact, channel: Channel, undoes: datetime) -> Contact:
    """The contact without the withdrawal by link of that instant: what held before it holds again."""
    known = statements(contact, channel)
    after = {address: lift(one, undoes) for address, one in known.items()}
    return contact if after == known else _with_statements(contact, channel, contact.address(channel), after)


def statements(contact: Contact, channel: Channel) -> dict[str, Consent]:
    """The newest statement about each address on `channel`; about none in particular under empty text."""
    prefix = f"{channel}:"
    found: dict[str, Consent] = {}
    if contact.consents:
        found = {name[len(prefix) :]: consent for name, consent in contact.consents.items() if name.startswith(prefix)}
    own = contact.consent(channel)
    if own != _UNKNOWN:
        address = contact.address(channel)
        found[address] = newer(found.get(address, _UNKNOWN), own)
    return found


def _statement(contact: Contact, channel: Channel, address: str) -> Consent:
    """The newest statement about one address on `channel`."""
    if contact.consents:
        return statements(contact, channel).get(address, _UNKNOWN)
    own = contact.consent(channel)
    if own is _UNKNOWN or address != contact.address(channel):  # of most nothing is known yet
        return _UNKNOWN
    return newer(_UNKNOWN, own)


def _with_statements(contact: Contact, channel: Channel, own: str, consents: Mapping[str, Consent]) -> Contact:
    """The contact with these statements on `channel`, of which those about `own` are the person's own."""
    prefix = f"{channel}:"
    others = {name: one for name, one in contact.consents.items() if not name.startswith(prefix)}
    mine, everywhere = consents.get(own, _UNKNOWN), consents.get("", _UNKNOWN)
    if own:
        mine = newer(mine, everywhere)
    spread = withdrawals(everywhere)
    if spread != _UNKNOWN:
        consents = {address: newer(one, spread) for address, one in consents.items()}
        consents[""] = spread if own else everywhere
    elif own:  # it was meant for the first address that became known
        consents = {address: one for address, one in consents.items() if address}
    others |= {f"{prefix}{address}": one for address, one in consents.items() if address != own}
    fields: dict[str, Any] = {_CONSENT_FIELD[channel]: mine, "consents": newest_kept(others)}
    return msgspec.structs.replace(contact, **fields)


def _at_address(contact: Contact, channel: Channel, address: str) -> Contact:
    """The contact whose own address on `channel` is about to be `address`: each statement stays with its address."""
    if not contact.consents and contact.consent(channel) == _UNKNOWN:
        return contact  # nothing is known yet of most whose address comes
    known = statements(contact, channel)
    return _with_statements(contact, channel, address, known) if known else contact


def merge(mine: Contact, other: Contact) -> Contact:
    """Two projections of one person as one: newer text wins, then the newer consent of each address."""
    mine, other = _but_waiting(mine, other), _but_waiting(other, mine)
    old, new = (mine, other) if (mine.updated_at or _NEVER) <= (other.updated_at or _NEVER) else (other, mine)
    return _joined(new, old)


def _but_waiting(behind: Contact, ahead: Contact) -> Contact:
    """`behind` without the yes that waits for an address where `ahead` has one: there it was given to the first one."""
    for channel in (one for one in CHANNELS if ahead.address(one) and not behind.address(one)):
        behind = _with_own(behind, channel, withdrawals(behind.consent(channel)))
    return behind


def with_withdrawals(contact: Contact, known: Contact) -> Contact:
    """`contact` with what the person `known` withdrew of its addresses, and of all of theirs."""
    for channel in CHANNELS:
        said = statements(known, channel) if contact.address(channel) else {}
        for address in {contact.address(channel), ""} & said.keys():
            withdrawn = withdrawals(said[address])
            if withdrawn != _UNKNOWN:
                contact = _with_own(contact, channel, newer(contact.consent(channel), withdrawn))
    topics = {name: one for name, one in known.topics.items() if one.state == "withdrawn"}
    for name, one in topics.items():
        topics[name] = newer(contact.topics.get(name, _UNKNOWN), one)
    return msgspec.structs.replace(contact, topics=newest_kept({**contact.topics, **topics})) if topics else contact


def join(kept: Contact, other: Contact) -> Contact:
    """Two persons who turned out to be one: what is known of `kept` stays, `other` fills in and adds its consents."""
    joined = _joined(kept, other)
    at = max(kept.updated_at or _NEVER, other.updated_at or _NEVER)
    return msgspec.structs.replace(joined, updated_at=None if at == _NEVER else at)


def _joined(first: Contact, second: Contact) -> Contact:
    """The texts of `first`, or else those of `second`, and the newest statement about each address of both."""
    text = {field: getattr(first, field) or getattr(second, field) for field in (*_TEXT_FIELDS, "customer_id")}
    bought = [one.bought_at for one in (first, second) if one.bought_at is not None]
    wrote = [one.whatsapp_wrote_at for one in (first, second) if one.whatsapp_wrote_at is not None]
    joined = Contact(
        **text,
        updated_at=first.updated_at,
        bought_at=min(bought, default=None),
        whatsapp_wrote_at=max(wrote, default=None),
        devices=with_devices(first.devices, second.devices) if first.devices or second.devices else {},
    )
    for one in (first, second):
        if one.preferred and one.preferred_at is not None:
            joined = _with_preferred(joined, one.preferred, one.preferred_at)
    if first.topics or second.topics:
        topics = dict(first.topics)
        for name, consent in second.topics.items():
            topics[name] = newer(topics.get(name, _UNKNOWN), consent)
        joined = msgspec.structs.replace(joined, topics=newest_kept(topics))
    for channel in CHANNELS:
        consents = statements(first, channel)
        for address, consent in statements(second, channel).items():
            consents[address] = newer(consents.get(address, _UNKNOWN), consent)
        if consents:
            joined = _with_statements(joined, channel, joined.address(channel), consents)
    return joined


_NEVER = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
