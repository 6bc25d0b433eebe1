"""Lists of Adobe Commerce's REST API: what changed within some time, each record as the event that would tell it.

The API is Magento's. A history says what an event of the same thing says, under the same ids, so that what is told
by both counts once, and the first event that comes after it is compared with what was read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from relevo_ingest.connectors import commerce_lists
from relevo_ingest.connectors.platform_api import ApiRequest, Exchange, Page, Record
from relevo_ingest.core.shop_events import Row, without_secrets

TYPE = "com.adobe.commerce."
_ORDER = "observer.sales_order_save_commit_after"
_CUSTOMER = "observer.customer_save_commit_after"
_SUBSCRIBER = "observer.newsletter_subscriber_save_commit_after"
_PRODUCT = "observer.catalog_product_save_commit_after"
_SUBSCRIBED = 1
Value = tuple[str, Row]
"""The topic of an event, and the object that it is about."""


class AdobeCommerceLists:
    """The lists of a shop."""

    resources: Sequence[str] = ("customers", "products", "orders")

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page."""
        return commerce_lists.changed(resource, since, until)

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page. Raises `InvalidPayload`."""
        rows = yield from commerce_lists.listed(request)
        records = []
        for row in rows:
            if (found := commerce_lists.stamp(resource, row)) is not None:
                own, updated = found
                values = _VALUES[resource](without_secrets(row))
                records += [_record(own, updated, topic, value) for topic, value in values]
        return Page(records=records, following=commerce_lists.following(resource, request, rows))


def _record(own: str, updated: datetime, topic: str, value: Row) -> Record:
    store = {"_metadata": {"storeId": value["store_id"]}} if value.get("store_id") else {}
    event = {"type": f"{TYPE}{topic}", "time": updated, "data": {"value": value, **store}}
    return Record(topic=topic, id=own, body=msgspec.json.encode(event), updated=updated)


def _customer(row: Row) -> Iterable[Value]:
    """The account, and that it subscribed to the newsletter. That it did not is what nobody ever said."""
    yield _CUSTOMER, row
    if _object(row, "extension_attributes").get("is_subscribed") is True:
        status = {"subscriber_status": _SUBSCRIBED, "change_status_at": row.get("updated_at")}
        yield _SUBSCRIBER, {"customer_id": row.get("id"), "subscriber_email": row.get("email"), **status}


def _product(row: Row) -> Iterable[Value]:
    """The attributes of a product are in a list of their own there, and its stock is an extension."""
    given = row.get("custom_attributes")
    attributes = {one.get("attribute_code"): one.get("value") for one in given or () if isinstance(one, dict)}
    plain = {name: attributes[name] for name in ("description", "special_price") if attributes.get(name) is not None}
    stock = _object(row, "extension_attributes").get("stock_item")
    yield _PRODUCT, {**row, **plain, **({"stock_data": stock} if isinstance(stock, dict) else {})}


def _order(row: Row) -> Iterable[Value]:
    """As if it was just placed: all that happened to it is told. Where it is sent to is an extension there."""
    assigned = _object(row, "extension_attributes").get("shipping_assignments")
    parts = [one for one in assigned if isinstance(one, dict)] if isinstance(assigned, list) else []
    places = [_object(_object(one, "shipping"), "address") for one in parts]
    sent_to = [{**place, "address_type": "shipping"} for place in places if place][:1]
    yield _ORDER, {**row, "addresses": sent_to, "_isNew": True}


def _object(row: Row, name: str) -> Row:
    found: Any = row.get(name)
    return found if isinstance(found, dict) else {}


_VALUES: Mapping[str, Callable[[Row], Iterable[Value]]] = {
    "customers": _customer,
    "products": _product,
    "orders": _order,
}
