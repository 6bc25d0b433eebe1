"""`customeruser.…` (a person who buys) and `customer.…` (the company that they buy for)."""

from datetime import datetime

from msgspec import structs

from relevo_contracts.payloads import Buyer, CustomerChanged
from relevo_ingest.connectors.orocommerce import parts
from relevo_ingest.connectors.orocommerce.message import Message
from relevo_ingest.connectors.orocommerce.shapes import CompanyShape, CustomerUserShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import Draft, Reading, ShopContext
from relevo_ingest.core.states import Entity

INCLUDE = "customer,addresses"
_NOTHING_NEW = "nothing of the customer changed that there is an event for"


def created(message: Message, shop: ShopContext) -> Reading:
    """`customeruser.created`. A guest who orders has a customer user, too, but no account."""
    return _if_changed(message, "customer.created", _person(message, shop))


def updated(message: Message, shop: ShopContext) -> Reading:
    """`customeruser.updated`, which also comes for each sign-in: told if what is known of the person changed."""
    return _if_changed(message, "customer.updated", _person(message, shop))


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`customeruser.deleted`."""
    payload = structs.replace(_person(message, shop), attributes={"state": "deleted"})
    own_id = f"customer.deleted:{message.primary.id}"
    draft = Draft(type="customer.deleted", payload=payload, subject=person(payload), at=message.at, id=own_id)
    return [draft]


def company_created(message: Message, shop: ShopContext) -> Reading:
    """`customer.created`."""
    del shop
    return _if_changed(message, "customer.created", _company(message))


def company_updated(message: Message, shop: ShopContext) -> Reading:
    """`customer.updated`."""
    del shop
    return _if_changed(message, "customer.updated", _company(message))


def company_deleted(message: Message, shop: ShopContext) -> Reading:
    """`customer.deleted`."""
    del shop
    payload = structs.replace(_company(message), attributes={"state": "deleted"})
    own_id = f"customer.deleted:account:{message.primary.id}"
    draft = Draft(type="customer.deleted", payload=payload, subject=person(payload), at=message.at, id=own_id)
    return [draft]


def _if_changed(message: Message, event_type: str, payload: CustomerChanged) -> Reading:
    """The customer, if this is not what was told of them last."""
    reference = message.primary.reference
    own_id = f"{event_type}:{reference.type}:{reference.id}" if event_type == "customer.created" else ""
    draft = Draft(type=event_type, payload=payload, subject=person(payload), at=_at(message), id=own_id)
    return if_changed(Entity(reference.type, reference.id), draft, _NOTHING_NEW)


def _at(message: Message) -> datetime | None:
    shape = message.primary.as_shape(CustomerUserShape)
    return fields.utc(shape.updated_at) or message.at


def _person(message: Message, shop: ShopContext) -> CustomerChanged:
    found, user = message.document, message.primary
    shape = user.as_shape(CustomerUserShape)
    places = [parts.address(one, shop) for one in found.follow(user, "addresses")]
    known = [place for place in places if place]
    buyer = Buyer(
        id="" if shape.is_guest else user.id,
        email=normalise.email(shape.email),
        phone=fields.first(place.phone for place in known),
        first_name=normalise.text(shape.first_name, 200),
        last_name=normalise.text(shape.last_name, 200),
        company=parts.company(found, user),
        country=fields.first(place.country for place in known),
        account_id=user.id_of("customer"),
        guest=bool(shape.is_guest),
    )
    return CustomerChanged(customer=buyer, birthday=fields.day(shape.birthday, f"{user.where}.attributes.birthday"))


def _company(message: Message) -> CustomerChanged:
    shape = message.primary.as_shape(CompanyShape)
    return CustomerChanged(
        customer=Buyer(account_id=message.primary.id, company=normalise.text(shape.name, 200)),
    )
