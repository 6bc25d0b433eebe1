"""The REST API that Magento and Adobe Commerce have in common: what opens it, and what its errors mean.

Source: AdobeDocs/commerce-webapi, "Token-based authentication" and "Status codes and responses".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import ApiFailure, ApiRequest, ApiResponse, Connection, failed_status

TOKEN = "token"  # noqa: S105 - the name of the credential
_MEANT = {
    401: "the token is wrong, or its integration may not read this: see the resources that the page lists",
    403: "the token's integration may not read this: see the resources that the page lists",
    404: "there is no REST API at this address (is it that of the shop's home?), or the shop has not this part of it",
}


class ErrorShape(Struct, frozen=True):
    """How Magento tells an error: a message with `%1` or `%name` for its parameters."""

    message: str = ""
    parameters: Any = None


class CommerceApi:
    """What is asked of a Magento, or of an Adobe Commerce."""

    credentials: Mapping[str, str] = {
        TOKEN: "System, Integrations, Add New Integration: its access token, once it is activated (Magento 2.4.4 and"
        " later: allow it as a bearer token under Stores, Configuration, Services, OAuth)"
    }

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """With the token of an integration."""
        del now
        given = {"authorization": f"Bearer {connection.credentials[TOKEN]}"}
        return structs.replace(request, headers={**request.headers, **given})

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none: its status, or a message where a record was asked for."""
        failed, told = failed_status(response), _error(response.body)
        if failed is None:
            return ApiFailure(f"Magento says: {told}") if told else None
        meant = _MEANT.get(response.status) or told
        return structs.replace(failed, reason=f"HTTP {response.status}: {meant}") if meant else failed


def _error(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body, type=ErrorShape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    named = found.parameters if isinstance(found.parameters, dict) else {}
    listed = found.parameters if isinstance(found.parameters, list) else []
    message = found.message
    for name, value in [*named.items(), *((str(n), one) for n, one in enumerate(listed, 1))]:
        message = message.replace(f"%{name}", str(value)[:200])
    return message[:300]
