"""`store/customer/…`, `store/subscriber/…` and the shop itself."""

from relevo_contracts.payloads import Buyer, ConsentChanged, CustomerChanged, ShopChanged
from relevo_ingest.connectors.bigcommerce.message import Message, ident
from relevo_ingest.connectors.bigcommerce.shapes import CustomerShape, SubscriberShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import WholeShop, person
from relevo_ingest.core.changes import if_changed
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, StateViews

_NOTHING_NEW = "nothing of the customer changed that there is an event for"


def created(message: Message, shop: ShopContext) -> Reading:
    """`store/customer/created`."""
    return _changed(message, shop, "customer.created")


def updated(message: Message, shop: ShopContext) -> Reading:
    """`store/customer/updated`, `store/customer/address/…`."""
    return _changed(message, shop, "customer.updated")


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`store/customer/deleted`: told if the API does not have the customer any more."""
    del shop
    if message.there("customer"):
        return NoEvent("the API still has the customer, so nothing was deleted")
    payload = CustomerChanged(customer=Buyer(id=message.id), attributes={"state": "deleted"})
    made_id = f"customer.deleted:{message.id}"
    return [Draft(type="customer.deleted", payload=payload, subject=person(payload), at=message.at, id=made_id)]


def subscribed(message: Message, shop: ShopContext) -> Reading:
    """`store/subscriber/…`: an address subscribed to the newsletter, or left it: then the API does not have it."""
    del shop
    entity = Entity("subscriber", message.id)
    if not message.there("subscriber"):
        return Pending(
            conclude=lambda views: _left(views, entity, message),
            observed=(Observation(entity=entity, state={"email": ""}, at=message.state_at),),
        )
    shape = message.one("subscriber", SubscriberShape)
    email = normalise.email(shape.email)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        if not email or (seen.before is not None and (not seen.fresh or seen.before.get("email") == email)):
            return NoEvent("the subscription is as it was known already, or has no address")
        customer = Buyer(
            email=email,
            first_name=normalise.text(shape.first_name, 200),
            last_name=normalise.text(shape.last_name, 200),
        )
        return [_consent(customer, "granted", message, source=normalise.text(shape.source, 100))]

    return Pending(
        conclude=conclude, observed=(Observation(entity=entity, state={"email": email}, at=message.state_at),)
    )


def uninstalled(message: Message, shop: ShopContext) -> Reading:
    """`store/app/uninstalled`: the API account was removed, and with it all webhooks."""
    payload = ShopChanged(domain=shop.domain)
    return [Draft(type="shop.disconnected", payload=payload, subject=WholeShop(), at=message.at)]


def _left(views: StateViews, entity: Entity, message: Message) -> Conclusion:
    """The withdrawal of the address that was subscribed under this id, if it is known."""
    email = normalise.email(str((views.get(entity, UNKNOWN).before or {}).get("email", "")))
    if not email:
        return NoEvent("the subscriber is not there any more, and its address was never told")
    return [_consent(Buyer(email=email), "withdrawn", message)]


def _consent(customer: Buyer, state: str, message: Message, *, source: str = "") -> Draft:
    payload = ConsentChanged(
        customer=customer,
        channel="email",
        state="granted" if state == "granted" else "withdrawn",
        purpose="marketing",
        source=source or "bigcommerce",
    )
    return Draft(type="consent.changed", payload=payload, subject=person(payload), at=message.at)


def _changed(message: Message, shop: ShopContext, event_type: str) -> Reading:
    shape = message.one("customer", CustomerShape)
    own = fields.required(ident(shape.id), "customer.id")
    places = shape.addresses or []
    countries = [normalise.country(one.country_code) for one in places]
    country = fields.first(countries)
    phones = (shape.phone, *(one.phone for one in places))
    payload = CustomerChanged(
        customer=Buyer(
            id=own,
            email=normalise.email(shape.email),
            phone=fields.first(normalise.phone(one, country or shop.region) for one in phones),
            first_name=normalise.text(shape.first_name, 200),
            last_name=normalise.text(shape.last_name, 200),
            company=normalise.text(shape.company, 200),
            country=country,
            group=ident(shape.customer_group_id),
        )
    )
    is_new = event_type == "customer.created"
    at = fields.utc(shape.date_created if is_new else shape.date_modified) or message.at
    made_id = f"customer.created:{own}" if is_new else ""
    draft = Draft(type=event_type, payload=payload, subject=person(payload), at=at, id=made_id)
    return if_changed(Entity("customer", own), draft, _NOTHING_NEW)
