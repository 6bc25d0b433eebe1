"""What Zendesk's answers mean. Sources: as in `requests`; "Status codes" of the introduction."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.systems.helpdesk import HelpdeskTicket
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.systems import Access, Later, succeeded
from relevo_notifier.systems.zendesk.requests import REFERENCE

IN_PROGRESS = "IdempotentRequestInProgress"


class Ticket(Struct, frozen=True):
    """What is read of a ticket."""

    id: int
    status: str = ""


class OneTicket(Struct, frozen=True):
    """The answer about one ticket."""

    ticket: Ticket


class Tickets(Struct, frozen=True):
    """The answer with a list."""

    tickets: list[Ticket]


class Audits(Struct, frozen=True):
    """The updates of a ticket."""

    audits: list[dict[str, Any]]


class Me(Struct, frozen=True):
    """Who asks; a token that opens nothing is an anonymous user without an id."""

    user: dict[str, Any]


def one_ticket(reply: Replied, access: Access) -> HelpdeskTicket:
    """The ticket of an answer."""
    body = succeeded(reply, access, _words(reply))
    return as_answer(msgspec.convert(body, OneTicket).ticket, access)


def created(reply: Replied, access: Access) -> HelpdeskTicket:
    """The ticket that was created; another attempt may be creating it at this moment."""
    if reply.status == 409 and _field(reply, "error") == IN_PROGRESS:
        raise Later("another attempt at the same ticket is under way", 2.0)
    return one_ticket(reply, access)


def first_ticket(reply: Replied, access: Access) -> HelpdeskTicket | None:
    """The first ticket of a list."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Tickets).tickets
    return as_answer(found[0], access) if found else None


def has_update(reply: Replied, access: Access, reference: str) -> bool:
    """Whether one of these updates is that of the reference."""
    found = msgspec.convert(succeeded(reply, access, _words(reply)), Audits).audits
    return any(_custom(one).get(REFERENCE) == reference for one in found)


def account(reply: Replied, access: Access) -> str:
    """Whose token it is."""
    user = msgspec.convert(succeeded(reply, access, _words(reply)), Me).user
    if user.get("id") is None:
        succeeded(Replied(401), access)
    return f"{user.get('name')} ({user.get('role')})"


def as_answer(ticket: Ticket, access: Access) -> HelpdeskTicket:
    """The ticket as workflows see it."""
    number = str(ticket.id)
    return HelpdeskTicket(ticket_id=number, url=f"{access.base_url}/agent/tickets/{number}", status=ticket.status)


def _custom(audit: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = audit.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, Mapping) else None
    return custom if isinstance(custom, Mapping) else {}


def _words(reply: Replied) -> str:
    """What Zendesk says of a refusal: the words about each field, else those about all."""
    body = reply.body if isinstance(reply.body, Mapping) else {}
    details = body.get("details")
    listed = details.values() if isinstance(details, Mapping) else ()
    words = [
        one["description"]
        for entry in listed
        if isinstance(entry, list)
        for one in entry
        if isinstance(one, Mapping) and isinstance(one.get("description"), str)
    ]
    return "; ".join(words) or _field(reply, "description") or _field(reply, "error")


def _field(reply: Replied, name: str) -> str:
    found = reply.body.get(name) if isinstance(reply.body, Mapping) else None
    return found if isinstance(found, str) else ""
