"""The webhooks of BigCommerce. Source: bigcommerce/docs, reference/webhooks.v3.yml.

They are made by the API only. What authenticates them is a header with a secret of ours. A webhook that failed for two
days, or was silent for ninety, is not active any more.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from relevo_ingest.connectors.bigcommerce.connector import HEADER
from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Exchange
from relevo_ingest.connectors.registration import Registered
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text, ident

_PATH = "/v3/hooks"
_PAGE, _MOST_PAGES = 250, 20
_JSON = {"content-type": "application/json"}


class HookShape(Struct, frozen=True, kw_only=True):
    """A webhook as the API tells it."""

    id: Id = None
    scope: Text = None
    destination: Text = None
    is_active: bool | None = None


class HooksShape(Struct, frozen=True, kw_only=True):
    """A page of them."""

    data: list[HookShape] = []


class MadeShape(Struct, frozen=True, kw_only=True):
    """The one that was made."""

    data: HookShape | None = None


class BigCommerceRegistration:
    """How webhooks are registered at BigCommerce."""

    topics: Sequence[str] = (
        "store/order/created",
        "store/order/updated",
        "store/order/refund/created",
        "store/shipment/created",
        "store/shipment/updated",
        "store/cart/created",
        "store/cart/updated",
        "store/cart/deleted",
        "store/customer/created",
        "store/customer/updated",
        "store/customer/deleted",
        "store/customer/address/created",
        "store/customer/address/updated",
        "store/subscriber/created",
        "store/subscriber/updated",
        "store/subscriber/deleted",
        "store/product/created",
        "store/product/updated",
        "store/product/deleted",
        "store/product/inventory/updated",
        "store/sku/inventory/updated",
        "store/app/uninstalled",
    )
    further: Sequence[str] = ()
    signed_by = ""
    pings = False

    def listed(self) -> Exchange[Sequence[Registered]]:
        """Every webhook of this API account, page by page."""
        found: list[Registered] = []
        for page in range(1, _MOST_PAGES + 1):
            answer = yield ApiRequest(path=_PATH, query={"limit": str(_PAGE), "page": str(page)})
            shapes = decode(answer.body, HooksShape).data
            found += [_registered(one) for one in shapes if ident(one.id)]
            if len(shapes) < _PAGE:
                break
        return found

    def create(self, topic: str, address: str, secret: str) -> Exchange[Registered]:
        """Make a webhook, which has the secret as a header."""
        wanted = {"scope": topic, "destination": address, "is_active": True, "headers": {HEADER: secret}}
        answer = yield ApiRequest(path=_PATH, method="POST", headers=_JSON, body=msgspec.json.encode(wanted))
        return _made(answer)

    def delete(self, webhook: Registered) -> Exchange[None]:
        """Delete a webhook."""
        yield ApiRequest(path=f"{_PATH}/{webhook.id}", method="DELETE")


def _made(answer: ApiResponse) -> Registered:
    shape = decode(answer.body, MadeShape).data
    if shape is None or not ident(shape.id):
        raise InvalidPayload("data.id", "the webhook that was made has none")
    return _registered(shape)


def _registered(shape: HookShape) -> Registered:
    return Registered(
        id=ident(shape.id),
        topic=shape.scope or "",
        address=shape.destination or "",
        problem="" if shape.is_active is not False else "it is not active: deliveries failed for two days",
    )
