"""The events of Adobe Commerce: the shop is subscribed to each with its fields, and Adobe delivers each.

Source: AdobeDocs/commerce-extensibility, "REST endpoints for eventing"; AdobeDocs/adobe-io-events,
events-api-reference.yaml.

Two places have to agree. The shop sends to Adobe what it is subscribed to (`eventSubscribe`), and Adobe passes on what
is registered (a registration per event, by the project's credential). Registering asks the address with a challenge.
What a person has to do before: make the project and its credential, and turn the shop's events on with a provider.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from relevo_ingest.connectors.adobe_commerce.api import CLIENT, AdobeCommerceApi
from relevo_ingest.connectors.adobe_commerce.message import topic_of
from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Exchange
from relevo_ingest.connectors.registration import Registered
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text, ident

_TYPE = "com.adobe.commerce."
_SHOP = "/rest/all/V1/eventing"
_REGISTRATIONS = "/events/{org_id}/{project_id}/{workspace_id}/registrations"
_JSON = {"content-type": "application/json"}
_EVERY = "*"
_STOPPED = ("disabled", "hook_disabled", "unverified", "hook_unreachable")
_SALE = """entity_id increment_id order_id state created_at updated_at grand_total base_grand_total base_currency_code
    order_currency_code"""
_NEW = "created_at updated_at _isNew"

_OF_EACH: Mapping[str, str] = {
    "sales_order_save_commit_after": f"""{_SALE} _isNew status store_id customer_id customer_is_guest customer_email
        customer_firstname customer_lastname customer_note coupon_code shipping_description subtotal base_subtotal
        discount_amount base_discount_amount shipping_amount base_shipping_amount tax_amount base_tax_amount total_paid
        base_total_paid total_refunded base_total_refunded items addresses payment.method payment.po_number""",
    "sales_order_invoice_save_after": f"{_SALE} items",
    "sales_order_creditmemo_save_after": f"{_SALE} items",
    "sales_order_shipment_save_after": f"entity_id increment_id order_id customer_id items tracks {_NEW}",
    "sales_order_shipment_track_save_after": f"entity_id parent_id order_id track_number title carrier_code {_NEW}",
    "sales_quote_save_after": f"""entity_id is_active customer_id customer_is_guest customer_email grand_total
        quote_currency_code items {_NEW}""",
    "customer_save_commit_after": f"""id entity_id email firstname lastname dob group_id taxvat addresses
        extension_attributes {_NEW}""",
    "customer_delete_commit_after": "id entity_id email",
    "newsletter_subscriber_save_commit_after": """subscriber_id subscriber_email subscriber_status customer_id
        change_status_at""",
    "catalog_product_save_commit_after": f"""id entity_id sku name description price special_price status
        quantity_and_stock_status stock_data {_NEW}""",
    "catalog_product_delete_commit_after": "id entity_id sku",
    "cataloginventory_stock_item_save_commit_after": "item_id product_id qty is_in_stock backorders notify_stock_qty",
    "customer_login": "customer.id customer.email",
    "rma_save_commit_after": f"""entity_id increment_id order_id order_increment_id customer_id customer_custom_email
        status {_NEW}""",
    "company_save_commit_after": f"id entity_id company_name vat_tax_id country_id {_NEW}",
}
FIELDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {f"observer.{name}": tuple(fields.split()) for name, fields in _OF_EACH.items()}
)
"""What the shop is to send of each event: the fields that are read."""


class FieldShape(Struct, frozen=True):
    """A field that a subscription sends."""

    name: Text = None


class SubscriptionShape(Struct, frozen=True, kw_only=True):
    """An event that the shop is subscribed to. One with rules has a name of its own, and `parent` is the event."""

    name: Text = None
    parent: Text = None
    fields: list[FieldShape] | None = None

    @property
    def sent(self) -> set[str]:
        """The names of its fields."""
        return {one.name for one in self.fields or () if one.name}


class InterestShape(Struct, frozen=True):
    """An event that a registration delivers."""

    event_code: Text = None
    provider_id: Text = None


class RegistrationShape(Struct, frozen=True, kw_only=True):
    """A registration at Adobe."""

    registration_id: Id = None
    name: Text = None
    webhook_url: Text = None
    webhook_status: Text = None
    delivery_type: Text = None
    enabled: bool | None = None
    events_of_interest: list[InterestShape] = []


class EmbeddedShape(Struct, frozen=True):
    """The registrations of a workspace."""

    registrations: list[RegistrationShape] = []


class ListShape(Struct, frozen=True):
    """All registrations of a workspace."""

    embedded: EmbeddedShape = field(default=EmbeddedShape(), name="_embedded")


class AdobeCommerceRegistration:
    """How events are registered, in the shop and at Adobe."""

    topics: Sequence[str] = tuple(FIELDS)[:-3]
    further: Sequence[str] = tuple(FIELDS)[-3:]
    signed_by = CLIENT
    pings = True

    def __init__(self, api: AdobeCommerceApi | None = None) -> None:
        self._api = api or AdobeCommerceApi()

    def listed(self) -> Exchange[Sequence[Registered]]:
        """Every event of every registration of the workspace, with what is wrong with it there or in the shop."""
        return self._api.signed_in(self._listed())

    def create(self, topic: str, address: str, secret: str) -> Exchange[Registered]:
        """Subscribe the shop to the event with its fields, and have Adobe deliver it. Adobe signs with its own keys."""
        del secret
        return self._api.signed_in(self._created(topic, address))

    def delete(self, webhook: Registered) -> Exchange[None]:
        """Have Adobe not deliver it any more. The shop stays subscribed: others may want the event, too."""
        return self._api.signed_in(self._deleted(webhook))

    def _listed(self) -> Exchange[Sequence[Registered]]:
        subscribed = yield from _subscribed()
        answer = yield ApiRequest(path=_REGISTRATIONS, host=self._api.events)
        shapes = decode(answer.body, ListShape).embedded.registrations
        return [one for shape in shapes for one in _registered(shape, subscribed)]

    def _created(self, topic: str, address: str) -> Exchange[Registered]:
        wanted = FIELDS[topic]
        known = (yield from _subscribed()).get(topic)
        missing = [name for name in wanted if known is None or not known.sent & {name, _EVERY}]
        if missing:
            yield _subscribe(topic, missing, new=known is None)
        made = {
            "client_id": "{client_id}",
            "name": f"Relevo: {topic}"[:255],
            "description": "What happens in the shop, for Relevo",
            "webhook_url": address,
            "delivery_type": "webhook",
            "events_of_interest": [{"provider_id": "{provider_id}", "event_code": f"{_TYPE}{topic}"}],
        }
        body = msgspec.json.encode(made)
        answer = yield ApiRequest(path=_REGISTRATIONS, host=self._api.events, method="POST", headers=_JSON, body=body)
        return _one(answer, topic)

    def _deleted(self, webhook: Registered) -> Exchange[None]:
        """A registration that delivers other events, too, keeps them."""
        own, _, code = webhook.id.partition("/")
        path = f"{_REGISTRATIONS}/{quote(own, safe='')}"
        answer = yield ApiRequest(path=path, host=self._api.events)
        shape = decode(answer.body, RegistrationShape)
        others = [one for one in shape.events_of_interest if one.event_code != code]
        if not others:
            yield ApiRequest(path=path, host=self._api.events, method="DELETE")
            return
        kept = {
            "name": shape.name or "Relevo",
            "webhook_url": shape.webhook_url,
            "delivery_type": shape.delivery_type or "webhook",
            "events_of_interest": others,
        }
        body = msgspec.json.encode(kept)
        yield ApiRequest(path=path, host=self._api.events, method="PUT", headers=_JSON, body=body)


def _subscribed() -> Exchange[Mapping[str, SubscriptionShape]]:
    """What the shop is subscribed to without conditions, by the name of the event."""
    answer = yield ApiRequest(path=f"{_SHOP}/getEventSubscriptions")
    found = decode(answer.body, list[SubscriptionShape])
    return {one.name: one for one in found if one.name and not one.parent}


def _subscribe(topic: str, fields: Sequence[str], *, new: bool) -> ApiRequest:
    """A new subscription, or further fields of one: the shop adds them to those that there are."""
    event = {"name": topic, "fields": [{"name": name} for name in fields]}
    path, method = (f"{_SHOP}/eventSubscribe", "POST") if new else (f"{_SHOP}/eventSubscribe/{topic}", "PUT")
    return ApiRequest(path=path, method=method, headers=_JSON, body=msgspec.json.encode({"event": event}))


def _one(answer: ApiResponse, topic: str) -> Registered:
    shape = decode(answer.body, RegistrationShape)
    if not ident(shape.registration_id):
        raise InvalidPayload("registration_id", "the registration that was made has none")
    return Registered(id=f"{ident(shape.registration_id)}/{_TYPE}{topic}", topic=topic, address=shape.webhook_url or "")


def _registered(shape: RegistrationShape, subscribed: Mapping[str, SubscriptionShape]) -> Iterator[Registered]:
    """Each event of a registration that delivers to an address."""
    own = ident(shape.registration_id)
    for event in shape.events_of_interest if own and shape.webhook_url else ():
        topic = topic_of(event.event_code)
        problem = _stopped(shape) or _unsent(topic, subscribed.get(topic))
        yield Registered(id=f"{own}/{event.event_code}", topic=topic, address=shape.webhook_url or "", problem=problem)


def _stopped(shape: RegistrationShape) -> str:
    status = (shape.webhook_status or "").lower()
    if shape.enabled is False or status in _STOPPED:
        return f"Adobe has stopped delivering it ({status or 'disabled'}): too many deliveries failed"
    if shape.delivery_type not in (None, "webhook"):
        return f"it is delivered as {shape.delivery_type}, not one by one"
    return ""


def _unsent(topic: str, subscription: SubscriptionShape | None) -> str:
    """What the shop does not send to Adobe."""
    if topic not in FIELDS:
        return ""
    if subscription is None:
        return "the shop is not subscribed to it, so it sends none"
    missing = [name for name in FIELDS[topic] if not subscription.sent & {name, _EVERY}]
    return f"the shop does not send all of its fields: {', '.join(missing)[:200]} is missing" if missing else ""
