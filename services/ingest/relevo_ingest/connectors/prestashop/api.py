"""PrestaShop's web service: what opens it, and what its errors mean.

Source: devdocs.prestashop-project.org, web service: getting started.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import ApiFailure, ApiRequest, ApiResponse, Connection, failed_status

KEY = "key"
_MEANT = {
    401: "the key is wrong, or may not read this: give it the right GET on every resource that the page lists",
    404: "there is no web service at this address: is it the shop's home, and is the web service on?",
    405: "the key may not read this: give it the right GET",
}


class ErrorShape(Struct, frozen=True):
    """One error of the web service."""

    code: int | str | None = None
    message: str = ""


class Errors(Struct, frozen=True):
    """How the web service tells errors, also in a 200."""

    errors: list[ErrorShape] = []


class PrestaShopApi:
    """What is asked of a PrestaShop."""

    credentials: Mapping[str, str] = {
        KEY: "Advanced Parameters, Webservice, Add new webservice key, with the right GET on the resources of the page"
    }

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """With Basic authentication: the key is the user, without a password."""
        del now
        given = b64encode(f"{connection.credentials[KEY]}:".encode()).decode()
        return structs.replace(request, headers={**request.headers, "authorization": f"Basic {given}"})

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none: its status, or errors in a 200."""
        failed, told = failed_status(response), _errors(response.body)
        if failed is None:
            return ApiFailure(f"the web service says: {told}") if told else None
        meant = _MEANT.get(response.status) or told
        return structs.replace(failed, reason=f"HTTP {response.status}: {meant}") if meant else failed


def _errors(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body, type=Errors).errors
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return "; ".join(one.message[:200] for one in found if one.message)
