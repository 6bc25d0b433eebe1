"""What is asked of Adobe Commerce: the shop's REST API, which is Magento's, and Adobe's own API of events.

Source: AdobeDocs/adobe-io-events, "Registration API"; AdobeDocs/commerce-extensibility, "REST endpoints for eventing".
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.commerce_api import CommerceApi
from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    Exchange,
    failed_status,
)
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Text

T = TypeVar("T")
SIGN_IN, EVENTS = "https://ims-na1.adobelogin.com", "https://api.adobe.io"
CLIENT, SECRET, PROVIDER = "client_id", "client_secret", "provider_id"
_WORKSPACE = ("org_id", "project_id", "workspace_id")
_SCOPE = "AdobeID,openid,read_organizations,additional_info.projectedProductContext,additional_info.roles,adobeio_api"
_KEPT = timedelta(minutes=50)
_DOWNLOADED = "in the file that the Developer Console gives (your project, Download)"


class TokenShape(Struct, frozen=True):
    """What is answered to a sign-in."""

    access_token: Text = None


class ErrorShape(Struct, frozen=True):
    """How Adobe's own hosts tell an error; the shop has no `error` and no `error_code`."""

    error: Text = None
    error_code: Any = None
    message: Text = None


class AdobeCommerceApi:
    """What is asked of a shop, and of Adobe. The hosts are Adobe's own."""

    credentials: Mapping[str, str] = {
        **CommerceApi.credentials,
        CLIENT: f"the client ID of the project's OAuth Server-to-Server credential, {_DOWNLOADED}",
        SECRET: "a client secret of the same credential",
        "org_id": f"`project.org.id` {_DOWNLOADED}",
        "project_id": "`project.id` in the same file",
        "workspace_id": "`project.workspace.id` in the same file",
        PROVIDER: "Stores, Configuration, Adobe Services, Adobe I/O Events: the Adobe I/O Event Provider ID",
    }

    def __init__(self, *, sign_in: str = SIGN_IN, events: str = EVENTS) -> None:
        self._shop = CommerceApi()
        self._sign_in = ApiRequest(path="/ims/token/v3", host=sign_in, method="POST", reads=True, keeps=_KEPT)
        self.events = events

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """With what opens the host that it goes to. `{name}` in a path or a body of events is a credential's value."""
        known = connection.credentials
        if request.host == self._sign_in.host:
            form = {CLIENT: known[CLIENT], SECRET: known[SECRET]}
            body = urlencode({"grant_type": "client_credentials", **form, "scope": _SCOPE}).encode()
            return structs.replace(request, headers={"content-type": "application/x-www-form-urlencoded"}, body=body)
        if request.host != self.events:
            return self._shop.authorised(request, connection, now)
        path, content = request.path, request.body
        for name in _WORKSPACE:
            path = path.replace(f"{{{name}}}", quote(known[name], safe=""))
        for name in (CLIENT, PROVIDER):
            content = content.replace(f'"{{{name}}}"'.encode(), msgspec.json.encode(known[name]))
        headers = {**request.headers, "x-api-key": known[CLIENT], "accept": "application/hal+json"}
        return structs.replace(request, path=path, body=content, headers=headers)

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none: Adobe's hosts tell errors otherwise than the shop."""
        told = _error(response.body)
        failed = failed_status(response)
        if failed is None or not (told.error or told.error_code):
            return self._shop.failure(response)
        if told.error:
            wrong = "the client ID or the client secret is wrong"
            said = wrong if told.error == "invalid_client" else told.error[:200]
            return structs.replace(failed, reason=f"Adobe's sign-in says: {said}")
        return structs.replace(failed, reason=f"HTTP {response.status}: Adobe says: {(told.message or '')[:300]}")

    def signed_in(self, exchange: Exchange[T]) -> Exchange[T]:
        """The same exchange, after a sign-in for what goes to Adobe. Raises `InvalidPayload` if it gives no token."""
        answer = yield self._sign_in
        token = decode(answer.body, TokenShape).access_token
        if not token:
            raise InvalidPayload("access_token", "is missing in the answer to the sign-in")
        given = {"authorization": f"Bearer {token}"}
        try:
            request = next(exchange)
            while True:
                if request.host == self.events:
                    request = structs.replace(request, headers={**request.headers, **given})
                request = exchange.send((yield request))
        except StopIteration as end:
            result: T = end.value
            return result


def _error(body: bytes) -> ErrorShape:
    try:
        return msgspec.json.decode(body, type=ErrorShape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ErrorShape()
