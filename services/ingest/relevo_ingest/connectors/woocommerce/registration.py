"""The webhooks of WooCommerce. Source: woocommerce-rest-api-docs, v3; class-wc-rest-webhooks-v1-controller.php.

One that failed more than five times in a row is `disabled` (class-wc-webhook.php) and says so in its status.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Exchange
from relevo_ingest.connectors.registration import Registered
from relevo_ingest.connectors.woocommerce.listing import PATH
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text, ident

_PAGE = 100
_MOST_PAGES = 20
_JSON = {"content-type": "application/json"}
_ACTIVE = "active"


class WebhookShape(Struct, frozen=True, kw_only=True):
    """A webhook as the API tells it; never with its secret."""

    id: Id = None
    status: Text = None
    topic: Text = None
    delivery_url: Text = None


class WooCommerceRegistration:
    """How webhooks are registered at WooCommerce."""

    topics: Sequence[str] = tuple(
        f"{resource}.{event}"
        for resource in ("order", "customer", "product")
        for event in ("created", "updated", "deleted", "restored")
        if (resource, event) != ("customer", "restored")
    )
    further: Sequence[str] = (
        *(f"coupon.{event}" for event in ("created", "updated", "deleted", "restored")),
        *(f"subscription.{event}" for event in ("created", "updated", "deleted", "switched")),
    )
    signed_by = ""
    pings = True

    def listed(self) -> Exchange[Sequence[Registered]]:
        """Every webhook, page by page."""
        found: list[Registered] = []
        for page in range(1, _MOST_PAGES + 1):
            query = {"per_page": str(_PAGE), "page": str(page), "status": "all", "orderby": "id", "order": "asc"}
            answer = yield ApiRequest(path=f"{PATH}/webhooks", query=query)
            shapes = decode(answer.body, list[WebhookShape])
            found += [_registered(one) for one in shapes if ident(one.id)]
            if len(shapes) < _PAGE:
                break
        return found

    def create(self, topic: str, address: str, secret: str) -> Exchange[Registered]:
        """Make a webhook, which WooCommerce pings at once."""
        wanted = {"name": f"Relevo: {topic}", "topic": topic, "delivery_url": address, "secret": secret}
        body = msgspec.json.encode({**wanted, "status": _ACTIVE})
        answer = yield ApiRequest(path=f"{PATH}/webhooks", method="POST", headers=_JSON, body=body)
        return _made(answer)

    def delete(self, webhook: Registered) -> Exchange[None]:
        """Delete a webhook; WooCommerce has no bin for them."""
        yield ApiRequest(path=f"{PATH}/webhooks/{webhook.id}", method="DELETE", query={"force": "true"})


def _made(answer: ApiResponse) -> Registered:
    shape = decode(answer.body, WebhookShape)
    if not ident(shape.id):
        raise InvalidPayload("id", "the webhook that was made has none")
    return _registered(shape)


def _registered(shape: WebhookShape) -> Registered:
    status = (shape.status or _ACTIVE).lower()
    problem = {_ACTIVE: "", "disabled": "it is disabled: more than five deliveries in a row failed"}
    return Registered(
        id=ident(shape.id),
        topic=(shape.topic or "").lower(),
        address=shape.delivery_url or "",
        problem=problem.get(status, f"it is {status}"),
    )
