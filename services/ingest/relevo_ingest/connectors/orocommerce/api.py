"""The REST API of OroCommerce's back office: how it is signed in to, what its errors mean.

Source: doc.oroinc.com, "OAuth" and "JSON:API"; oroinc/platform, OAuth2ServerBundle.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import (
    GONE,
    Answers,
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    Exchange,
    answers,
    failed_status,
)
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Text

T = TypeVar("T")
CLIENT, SECRET = "client_id", "client_secret"
JSON_API = "application/vnd.api+json"
_SIGN_IN = ApiRequest(path="/oauth2-token", method="POST", reads=True, keeps=timedelta(minutes=50))
"""A token holds for an hour."""
_FORBIDDEN = "the application's user may not do this: give the role of its user the permission (System, Roles)"


class TokenShape(Struct, frozen=True, kw_only=True):
    """What is answered to a sign-in."""

    access_token: Text = None


class ErrorShape(Struct, frozen=True):
    """What is answered to a sign-in that is refused."""

    error: Text = None


class OroCommerceApi:
    """What is asked of a shop of OroCommerce. Its address is the shop's; the back office is below `/admin`."""

    credentials: Mapping[str, str] = {
        CLIENT: "System, User Management, OAuth Applications, Create OAuth Application (grant type Client Credentials,"
        " API: Back-office): the client ID",
        SECRET: "the client secret that is shown beside it once",
    }

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """The sign-in with the credentials of the application; what `signed_in` asks has its token already."""
        del now
        if request.path != _SIGN_IN.path:
            return request
        given = {"grant_type": "client_credentials", **{one: connection.credentials[one] for one in (CLIENT, SECRET)}}
        form = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        return structs.replace(request, headers=form, body=urlencode(given).encode())

    def signed_in(self, exchange: Exchange[T]) -> Exchange[T]:
        """The same exchange, after a sign-in. Raises `InvalidPayload` if that gives no token."""
        answer = yield _SIGN_IN
        if answer.status in GONE:
            raise InvalidPayload("", "nobody signs in there: is the address the shop's?")
        token = decode(answer.body, TokenShape).access_token
        if not token:
            raise InvalidPayload("access_token", "is missing in the answer to the sign-in")
        given = {"authorization": f"Bearer {token}"}
        try:
            request = next(exchange)
            while True:
                request = exchange.send((yield structs.replace(request, headers={**request.headers, **given})))
        except StopIteration as end:
            result: T = end.value
            return result

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none. That something is not there is an answer; 401 may be a token that has just ended."""
        if response.status in GONE:
            return None
        failed = failed_status(response)
        if failed is None:
            return None
        if _error(response.body) == "invalid_client":
            return structs.replace(failed, reason="the client ID or the client secret is wrong", permanent=True)
        if response.status == HTTPStatus.FORBIDDEN:
            return structs.replace(failed, reason=f"{failed.reason[:8]}: {_FORBIDDEN}")
        return structs.replace(failed, permanent=failed.permanent and response.status != HTTPStatus.UNAUTHORIZED)

    def fetched(self, requests: Mapping[str, ApiRequest]) -> Exchange[Answers]:
        """Asks for each, after a sign-in."""
        return self.signed_in(answers(requests))


def _error(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=ErrorShape).error or ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
