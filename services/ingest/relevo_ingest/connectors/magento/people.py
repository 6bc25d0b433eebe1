"""`customer`, `subscriber`, `cart`: accounts, consent to the newsletter, and what somebody is about to buy."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from relevo_contracts.payloads import (
    Buyer,
    CartUpdated,
    CheckoutChanged,
    ConsentChanged,
    CustomerChanged,
    EventContact,
    Item,
)
from relevo_ingest.connectors.magento import parts
from relevo_ingest.connectors.magento.parts import Lookup
from relevo_ingest.connectors.magento.shapes import CartShape, CustomerShape, SubscriberShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.customer_changes import Agreed, CustomerNow
from relevo_ingest.core.days import day
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading
from relevo_ingest.core.notes import cut
from relevo_ingest.core.shop_events import Shop
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateViews

_LINES = 500
Consent = Literal["granted", "withdrawn", "pending"]
_CONSENTS: dict[str, Consent] = {"1": "granted", "2": "pending", "3": "withdrawn", "4": "pending"}


def customer(shape: CustomerShape, shop: Shop) -> Reading:
    """What changed of an account."""
    lookup = Lookup(shop)
    home = next((one for one in shape.addresses or [] if parts.is_set(one.default_billing)), parts.NOWHERE)
    subscribed = shape.extension_attributes.is_subscribed if shape.extension_attributes else None
    payload = CustomerChanged(
        customer=Buyer(
            id=fields.required(parts.ident(shape.id), "id"),
            email=normalise.email(shape.email),
            phone=parts.phone_of(home, lookup),
            first_name=normalise.text(shape.firstname, 200),
            last_name=normalise.text(shape.lastname, 200),
            company=normalise.text(home.company, 200),
            group=lookup.group(shape.group_id),
            locale=lookup.locale(shape.store_id),
            country=normalise.country(home.country_id),
            vat_number=normalise.text(shape.taxvat, 50),
        ),
        birthday=day(shape.dob, "dob"),
    )
    return CustomerNow(
        payload=payload,
        created=fields.utc_without_zone(shape.created_at, "created_at"),
        modified=fields.utc_without_zone(shape.updated_at, "updated_at"),
        agreed=() if subscribed is None else (Agreed(purpose="marketing", granted=parts.is_set(subscribed)),),
        source="magento",
    ).reading()


def subscriber(shape: SubscriberShape, shop: Shop) -> Reading:
    """A subscription to the newsletter began, waits to be confirmed, or ended."""
    lookup = Lookup(shop)
    state = _CONSENTS.get(parts.ident(shape.subscriber_status))
    email = normalise.email(shape.subscriber_email)
    if state is None or not email:
        return NoEvent("the subscription has no address, or a status that says nothing")
    at = fields.utc_without_zone(shape.change_status_at, "change_status_at")
    who = Buyer(id=parts.ident(shape.customer_id), email=email, locale=lookup.locale(shape.store_id))
    payload = ConsentChanged(customer=who, channel="email", state=state, source="magento")
    own_id = f"consent.changed:email:{email}:{state}:{at.isoformat()}" if at else ""
    return [Draft(type="consent.changed", payload=payload, subject=person(payload), at=at, id=own_id)]


def cart(shape: CartShape, shop: Shop) -> Reading:
    """A cart that is not ordered yet; a guest's is a checkout once an address was typed in."""
    lookup = Lookup(shop)
    own = fields.required(parts.ident(shape.id), "id")
    if shape.is_active is not None and not parts.is_set(shape.is_active):
        return NoEvent("the cart was ordered, or merged into another")
    at = fields.utc_without_zone(shape.updated_at, "updated_at")
    currency = lookup.currency(shape.currency.quote_currency_code if shape.currency else None)
    account = parts.ident(shape.customer.id) if shape.customer else ""
    items = _items(shape, lookup, currency)
    updated = CartUpdated(customer=Buyer(id=account), cart_token=own, items=items, store=fields.ident(shape.store_id))
    told = _state_id(own, at, updated)
    draft = Draft(
        type="cart.updated", payload=updated, subject=person(updated), at=at, id=f"cart.updated:{told}", about=own
    )
    reached = _contact(shape, lookup, account)
    if reached is None:
        return [draft]
    checkout = CheckoutChanged(
        customer=Buyer(id=account) if account else Buyer(email=reached.email, phone=reached.phone, guest=True),
        contact=reached,
        checkout_token=own,
        cart_token=own,
        items=items,
        billing_address=parts.address(shape.billing_address, lookup),
        store=fields.ident(shape.store_id),
    )
    return _with_checkout(own, draft, checkout, at)


def _with_checkout(own: str, cart: Draft, checkout: CheckoutChanged, at: datetime | None) -> Pending:
    """The cart and its checkout, unless a newer state of them is known. A checkout starts once."""
    entity, told = Entity("checkout", own), _state_id(own, at, checkout)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        if seen.before is not None and (not seen.fresh or seen.before.get("told") == told):
            return NoEvent("the cart is as it was told already, or a newer state of it is known", (cart.subject,))
        name = "checkout.started" if seen.before is None else "checkout.updated"
        own_id = f"{name}:{own if seen.before is None else told}"
        return [cart, Draft(type=name, payload=checkout, subject=person(checkout), at=at, id=own_id, about=own)]

    state: dict[str, Any] = {"started": True, "told": told}
    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=state, at=at),))


def _state_id(own: str, at: datetime | None, payload: CartUpdated | CheckoutChanged) -> str:
    """The same whoever tells of this state: the module, or the web service that is polled."""
    said = msgspec.json.encode((at, payload)).decode()
    return f"{own}:{normalise.digest(said)}"


def _contact(shape: CartShape, lookup: Lookup, account: str) -> EventContact | None:
    """Where the news of a checkout goes, once it began: somebody typed in an address to be billed at."""
    payer = shape.billing_address or parts.NOWHERE
    email = normalise.email(payer.email or (shape.customer.email if shape.customer and account else None))
    if not payer.city and not payer.email:
        return None
    return fields.contact_of(
        EventContact(
            email=email,
            phone=parts.phone_of(payer, lookup),
            first_name=normalise.text(payer.firstname, 200),
            last_name=normalise.text(payer.lastname, 200),
            locale=lookup.locale(shape.store_id),
        )
    )


def _items(shape: CartShape, lookup: Lookup, currency: str) -> list[Item]:
    return [
        Item(
            title=fields.plain_text(one.name, 300),
            quantity=1 if one.qty is None else parts.whole(one.qty),
            sku=normalise.text(one.sku, 100),
            line_id=parts.ident(one.item_id),
            price=lookup.money(one.price, currency, f"items[{n}].price"),
        )
        for n, one in enumerate(cut(shape.items or [], _LINES, "items"))
    ]
