"""The webhooks of OroCommerce. Source: oroinc/platform, webhook_producer_settings.md.

A topic is there only if its entity is accessible to webhooks, and of the topics that are needed some are so only if an
administrator ticks it: what is refused there is nothing that can be mended from here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from relevo_ingest.connectors.orocommerce.api import JSON_API, OroCommerceApi
from relevo_ingest.connectors.orocommerce.json_api import Resource, document, resources
from relevo_ingest.connectors.platform_api import ApiRequest, Exchange
from relevo_ingest.connectors.registration import Registered
from relevo_ingest.core.decoding import parse_object
from relevo_ingest.core.fields import Text

_PATH = "/admin/api/webhooks"
_PAGE, _MOST_PAGES = 100, 20
_READS = {"accept": JSON_API}
_WRITES = {"accept": JSON_API, "content-type": JSON_API}


class WebhookShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook; never with its secret. Its topic is a relationship."""

    notification_url: Text = None
    enabled: bool | None = None


class OroCommerceRegistration:
    """How webhooks are registered at OroCommerce."""

    topics: Sequence[str] = ("order.created", "order.updated", "order.deleted", "order.payment_status_updated")
    further: Sequence[str] = (
        *(f"customeruser.{event}" for event in ("created", "updated", "deleted")),
        *(f"customer.{event}" for event in ("created", "updated", "deleted")),
        *(f"product.{event}" for event in ("created", "updated", "deleted")),
        *(f"inventorylevel.{event}" for event in ("created", "updated")),
        *(f"shoppinglist.{event}" for event in ("created", "updated", "deleted")),
        *(f"quote.{event}" for event in ("created", "updated")),
        "rfq.created",
    )
    signed_by = ""
    pings = False
    _api = OroCommerceApi()

    def listed(self) -> Exchange[Sequence[Registered]]:
        """Every webhook, page by page."""
        return self._api.signed_in(_listed())

    def create(self, topic: str, address: str, secret: str) -> Exchange[Registered]:
        """Make a webhook of the format that has everything."""
        return self._api.signed_in(_created(topic, address, secret))

    def delete(self, webhook: Registered) -> Exchange[None]:
        """Delete a webhook."""
        return self._api.signed_in(_deleted(webhook))


def _listed() -> Exchange[Sequence[Registered]]:
    found: list[Registered] = []
    for page in range(1, _MOST_PAGES + 1):
        query = {"page[size]": str(_PAGE), "page[number]": str(page)}
        answer = yield ApiRequest(path=_PATH, query=query, headers=_READS)
        listed = resources(parse_object(answer.body).get("data"), "data")
        found += [_registered(one) for one in listed]
        if len(listed) < _PAGE:
            break
    return found


def _created(topic: str, address: str, secret: str) -> Exchange[Registered]:
    attributes = {"notificationUrl": address, "secret": secret, "enabled": True, "verifySsl": True}
    relationships = {"topic": _reference("webhooktopics", topic), "format": _reference("webhookformats", "default")}
    data = {"type": "webhooks", "attributes": attributes, "relationships": relationships}
    body = msgspec.json.encode({"data": data})
    answer = yield ApiRequest(path=_PATH, method="POST", headers=_WRITES, body=body)
    return _registered(document(parse_object(answer.body), "").primary)


def _deleted(webhook: Registered) -> Exchange[None]:
    yield ApiRequest(path=f"{_PATH}/{webhook.id}", method="DELETE", headers=_READS)


def _reference(kind: str, own: str) -> Mapping[str, Any]:
    return {"data": {"type": kind, "id": own}}


def _registered(webhook: Resource) -> Registered:
    shape = webhook.as_shape(WebhookShape)
    return Registered(
        id=webhook.id,
        topic=webhook.id_of("topic"),
        address=shape.notification_url or "",
        problem="" if shape.enabled is not False else "it is disabled",
    )
