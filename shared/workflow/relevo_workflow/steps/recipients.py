"""Whom a `send` goes to: the customer, or the contact of an event (`to:`).

News of an order goes where that order says, marketing goes to the customer's own address. The address and number of an
order may be somebody else's: nothing of the customer is taken over to them, except where they are the customer's own.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs

from relevo_contracts.contact import Channel, Contact, address_of
from relevo_contracts.messages import To
from relevo_contracts.payloads import EVENT_TYPES, EventContact
from relevo_workflow.expressions.environment import TypeEnvironment
from relevo_workflow.expressions.scope import Scope
from relevo_workflow.expressions.shapes import event_shape
from relevo_workflow.syntax.fields import Fields

Path = tuple[str, ...]
CUSTOMER: Path = ()
TRIGGER: Path = ("trigger", "contact")
"""The contact of the event that started the run; `("run", name, "contact")` is that of a saved one."""


def read_to(fields: Fields, purpose: str, environment: TypeEnvironment) -> Path:
    """Where the contact stands that a send goes to; `CUSTOMER` for the customer's own address."""
    given = fields.text("to")
    if not given:
        return TRIGGER if purpose == "transactional" and _triggers_with_contact(environment) else CUSTOMER
    if given == "customer":
        return CUSTOMER
    path = TRIGGER if given == "contact" else tuple(given.split("."))
    problem = _problem(path, purpose, environment)
    if problem:
        fields.wrong("to", *problem)
        return CUSTOMER
    return path


def _problem(path: Path, purpose: str, environment: TypeEnvironment) -> tuple[str, str] | None:
    if purpose == "marketing":
        return "marketing goes to the customer's own address alone", "leave 'to' out, or write to: customer"
    if path == TRIGGER:
        if _triggers_with_contact(environment):
            return None
        what = ", ".join(environment.triggers) or "what starts this workflow"
        return f"{what} has no contact", "write to: customer"
    if len(path) == 3 and path[0] == "run" and path[2] == "contact":
        saved = environment.run.fields.get(path[1])
        found = saved.fields.get("contact") if saved is not None else None
        if found is not None and found.name == EventContact.__name__:
            return None
    return (
        f"'{'.'.join(path)}' is not the contact of an event",
        "customer, contact, or run.<name>.contact of a saved event",
    )


def _triggers_with_contact(environment: TypeEnvironment) -> list[str]:
    return [one for one in environment.triggers if one in EVENT_TYPES and "contact" in event_shape(one).fields]


def recipient(path: Path, channel: Channel, scope: Scope) -> tuple[To, Contact]:
    """Whom a message goes to, and how they are reached.

    Where the event gives no address for the channel, it is the customer, whose order it is.
    """
    own = scope.facts.contact
    given = _contact(path, scope)
    address = address_of(given, channel) if given is not None else ""
    if given is None or not address:
        return "customer", own
    return "contact", as_contact(given, own, same=address == own.address(channel))


def best_recipient(path: Path, channels: Sequence[Channel], scope: Scope) -> tuple[To, Contact]:
    """Whom a message goes to that takes the best of these channels.

    The customer, with all that is known of them, where the addresses that the event gave are their own. Where one of
    them is, they are still who wishes for a channel; where none is, it is somebody else's, whose wish nobody knows.
    """
    own = scope.facts.contact
    found = [(channel, *recipient(path, channel, scope)) for channel in channels]
    given = [(channel, whom) for channel, to, whom in found if to == "contact"]
    theirs = [whom.address(channel) == own.address(channel) for channel, whom in given]
    if all(theirs):
        return "customer", own
    _, whom = given[0]
    return "contact", structs.replace(whom, preferred=own.preferred) if any(theirs) else whom


def as_contact(given: EventContact, own: Contact, *, same: bool) -> Contact:
    """The contact of an event as one to write to; `same`: it is the customer's own address."""
    contact = Contact(email=given.email, phone=given.phone, updated_at=own.updated_at)
    texts = {name: getattr(given, name) for name in ("first_name", "last_name", "locale")}
    if same:
        texts = {name: given or getattr(own, name) for name, given in texts.items()} | {"timezone": own.timezone}
    return structs.replace(contact, **texts)


def _contact(path: Path, scope: Scope) -> EventContact | None:
    """The contact that stands there; `None` where the event gave none that can be read."""
    match path:
        case ("trigger", name):
            raw: Any = scope.run_state.trigger.get(name)
        case ("run", saved, name):
            event = scope.run_state.saved.get(saved)
            raw = event.get(name) if isinstance(event, dict) else None
        case _:
            return None
    try:
        return msgspec.convert(raw, EventContact) if raw else None
    except msgspec.ValidationError:
        return None
