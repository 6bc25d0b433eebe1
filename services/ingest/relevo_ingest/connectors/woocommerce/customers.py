"""`customer.*`: accounts. A guest who orders has none.

The header that tells a new account from one that changed is not signed, and an account is told as updated whenever it
signs in. So the body, and what is known, say what happened.
"""

from relevo_contracts.payloads import Buyer, CustomerChanged
from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.deletions import deletion
from relevo_ingest.connectors.woocommerce.shapes import AddressShape, CustomerShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.customer_changes import CustomerNow
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, Reading, ShopContext
from relevo_ingest.core.own_fields import with_own_fields
from relevo_ingest.core.states import Entity, StateViews


def saved(body: bytes, shop: ShopContext) -> Reading:
    """`customer.created`, `customer.updated`."""
    shape = decode(body, CustomerShape)
    return CustomerNow(
        payload=_payload(shape, shop),
        created=fields.utc_without_zone(shape.date_created_gmt, "date_created_gmt"),
        modified=fields.utc_without_zone(shape.date_modified_gmt, "date_modified_gmt"),
    ).reading()


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`customer.deleted`, which has the customer's id and nothing else. Only a customer who is known can be deleted.

    It withdraws no consent: the same signed body may come from any `….deleted` topic.
    """
    del shop
    return deletion(body, "customer", _entity, _deleted)


def _deleted(customer_id: str, views: StateViews) -> Conclusion:
    del views
    payload = CustomerChanged(customer=Buyer(id=customer_id), attributes={"state": "deleted"})
    own_id = f"customer.deleted:{customer_id}"
    return [Draft(type="customer.deleted", payload=payload, subject=person(payload), id=own_id)]


def _entity(customer_id: str) -> Entity:
    return Entity("customer", customer_id)


def _payload(shape: CustomerShape, shop: ShopContext) -> CustomerChanged:
    home = shape.billing or AddressShape()
    payload = CustomerChanged(
        customer=Buyer(
            id=fields.required(parts.ident(shape.id), "id"),
            email=normalise.email(shape.email),
            phone=parts.phone_of(home, shop),
            first_name=normalise.text(shape.first_name, 200),
            last_name=normalise.text(shape.last_name, 200),
            company=normalise.text(home.company, 200),
            country=normalise.country(home.country),
            group=normalise.text(shape.role, 100),
        )
    )
    own = {one.key: one.value for one in shape.meta_data or () if one.key}
    return with_own_fields(payload, own, shop.own_fields)
