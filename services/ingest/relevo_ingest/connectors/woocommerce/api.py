"""The REST API of WooCommerce: what opens it, what its errors mean, what changed.

Source: woocommerce-rest-api-docs, REST API v3; class-wc-rest-authentication.php.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    failed_status,
)

KEY, SECRET = "consumer_key", "consumer_secret"
_MEANT = {
    "woocommerce_rest_authentication_error": "the consumer key or secret is wrong, or was revoked",
    "woocommerce_rest_cannot_view": "the key may not read this: its user has to be a shop manager or administrator, and"
    " the shop's address has to begin with https:// (by http:// WooCommerce does not look at the key)",
    "woocommerce_rest_cannot_create": "the key may only read: make one with the permission Read/Write",
    "woocommerce_rest_cannot_delete": "the key may only read: make one with the permission Read/Write",
    "rest_no_route": "there is no WooCommerce REST API at this address: is the address the shop's home, and are"
    " permalinks on (Settings, Permalinks; not Plain)?",
}
"""What a person can do about an error, by its code."""


class ErrorShape(Struct, frozen=True):
    """How WordPress tells an error."""

    code: str = ""
    message: str = ""


class WooCommerceApi:
    """What is asked of a WooCommerce shop."""

    credentials: Mapping[str, str] = {
        KEY: "WooCommerce, Settings, Advanced, REST API, Add key (permission Read/Write): the consumer key, ck_…",
        SECRET: "the consumer secret that is shown beside it once, cs_…",
    }

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """With Basic authentication, which WooCommerce takes by HTTPS only."""
        del now
        pair = f"{connection.credentials[KEY]}:{connection.credentials[SECRET]}"
        given = {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        return structs.replace(request, headers={**request.headers, **given})

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none: its status, or an error in a 200, as some plugins send it."""
        told = _error(response.body)
        failed = failed_status(response)
        if failed is None:
            return None if told is None else ApiFailure(_described(told), permanent=False)
        return failed if told is None else structs.replace(failed, reason=f"{failed.reason[:8]}: {_described(told)}")


def _error(body: bytes) -> ErrorShape | None:
    try:
        found = msgspec.json.decode(body, type=ErrorShape)
    except msgspec.DecodeError:
        return None
    return found if found.code and found.message else None


def _described(error: ErrorShape) -> str:
    return _MEANT.get(error.code) or f"{error.message[:200]} ({error.code[:100]})"
