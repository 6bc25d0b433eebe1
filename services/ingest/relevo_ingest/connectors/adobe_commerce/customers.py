"""Customers, what they subscribed to, and the companies that they buy for."""

from msgspec import structs

from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, CustomerSeen
from relevo_ingest.connectors.adobe_commerce import parts
from relevo_ingest.connectors.adobe_commerce.message import (
    VALUE,
    Message,
    ident,
    is_new,
    is_true,
    made_at,
    own_id,
    saved_at,
)
from relevo_ingest.connectors.adobe_commerce.shapes import (
    CompanyShape,
    CustomerShape,
    OfCustomerShape,
    SubscriberShape,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import Draft, NoEvent, Reading, ShopContext
from relevo_ingest.core.states import Entity

_NOTHING_NEW = "nothing of the customer changed that there is an event for"
_NOBODY = NoEvent("the event has no customer: subscribe to its fields (`customer.id`, …)")
_CONSENTS = {"1": "granted", "2": "pending", "3": "withdrawn", "4": "pending"}
"""Source: Magento_Newsletter, Model/Subscriber."""


def saved(message: Message, shop: ShopContext) -> Reading:
    """`observer.customer_save_commit_after`."""
    return _changed(message, message.value(CustomerShape), shop)


def registered(message: Message, shop: ShopContext) -> Reading:
    """`observer.customer_register_success`, with the customer inside."""
    shape = message.value(OfCustomerShape).customer
    return _NOBODY if shape is None else _changed(message, shape, shop, was_made=True)


def signed_in(message: Message, shop: ShopContext) -> Reading:
    """`observer.customer_login`, with the customer inside."""
    shape = message.value(OfCustomerShape).customer
    if shape is None:
        return _NOBODY
    payload = CustomerSeen(customer=_buyer(shape, shop), store=message.store)
    return [Draft(type="customer.logged_in", payload=payload, subject=person(payload), at=message.at)]


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`observer.customer_delete_commit_after`."""
    payload = CustomerChanged(customer=_buyer(message.value(CustomerShape), shop), attributes={"state": "deleted"})
    made_id = f"customer.deleted:{payload.customer.id}"
    return [Draft(type="customer.deleted", payload=payload, subject=person(payload), at=message.at, id=made_id)]


def subscribed(message: Message, shop: ShopContext) -> Reading:
    """`observer.newsletter_subscriber_save_commit_after`: the newsletter was subscribed to or left, by an address."""
    del shop
    shape = message.value(SubscriberShape)
    state, email = _CONSENTS.get(ident(shape.subscriber_status)), normalise.email(shape.subscriber_email)
    if state is None or not email:
        return NoEvent("the subscription has no address or no status that is known")
    payload = ConsentChanged(
        customer=Buyer(id=ident(shape.customer_id), email=email),
        channel="email",
        state=state,  # type: ignore[arg-type]  # one of the table
        purpose="marketing",
        source="adobe-commerce",
    )
    at = fields.utc_without_zone(shape.change_status_at, f"{VALUE}.change_status_at") or message.at
    draft = Draft(type="consent.changed", payload=payload, subject=person(payload), at=at)
    entity = Entity("subscriber", ident(shape.subscriber_id) or normalise.digest(email))
    return if_changed(entity, draft, "the subscription is as it was known already")


def company(message: Message, shop: ShopContext) -> Reading:
    """`observer.company_save_commit_after` of the B2B module."""
    del shop
    shape = message.value(CompanyShape)
    account = fields.required(own_id(shape), f"{VALUE}.id")
    payload = CustomerChanged(
        customer=Buyer(
            account_id=account,
            company=normalise.text(shape.company_name, 200),
            country=normalise.country(shape.country_id),
            vat_number=normalise.text(shape.vat_tax_id, 50),
        )
    )
    event_type = "customer.created" if is_new(shape) else "customer.updated"
    made_id = f"customer.created:account:{account}" if is_new(shape) else ""
    at = saved_at(shape, message)
    draft = Draft(type=event_type, payload=payload, subject=person(payload), at=at, id=made_id)
    return if_changed(Entity("company", account), draft, _NOTHING_NEW)


def _changed(message: Message, shape: CustomerShape, shop: ShopContext, *, was_made: bool = False) -> Reading:
    news = was_made or is_new(shape)
    payload = CustomerChanged(customer=_buyer(shape, shop), birthday=fields.day(shape.dob, f"{VALUE}.dob"))
    own = payload.customer.id
    event_type = "customer.created" if news else "customer.updated"
    at = (made_at(shape) if news else None) or saved_at(shape, message)
    made_id = f"customer.created:{own}" if news else ""
    draft = Draft(type=event_type, payload=payload, subject=person(payload), at=at, id=made_id)
    return if_changed(Entity("customer", own), draft, _NOTHING_NEW)


def _buyer(shape: CustomerShape, shop: ShopContext) -> Buyer:
    places = [place for place in (parts.address(one, shop) for one in shape.addresses or []) if place]
    extension = shape.extension_attributes
    subscribed_to = extension.is_subscribed if extension else None
    made = Buyer(
        id=fields.required(own_id(shape), f"{VALUE}.id"),
        email=normalise.email(shape.email),
        phone=fields.first(place.phone for place in places),
        first_name=normalise.text(shape.firstname, 200),
        last_name=normalise.text(shape.lastname, 200),
        company=fields.first(place.company for place in places),
        country=fields.first(place.country for place in places),
        group=ident(shape.group_id),
        vat_number=normalise.text(shape.taxvat, 50),
    )
    return made if subscribed_to is None else structs.replace(made, email_marketing=is_true(subscribed_to))
