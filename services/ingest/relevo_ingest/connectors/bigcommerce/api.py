"""The REST API of BigCommerce: what opens it, what its errors mean.

Source: bigcommerce/docs, docs/start/best-practices (rate limits), docs/start/authentication.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import structs

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

TOKEN = "access_token"  # noqa: S105 - the name of a credential
_RESET = "x-rate-limit-time-reset-ms"
_LONGEST = timedelta(hours=1)
_MEANT = {
    401: "the access token is wrong, or its API account was deleted",
    403: "the API account may not do this: give it the scopes that the page lists",
}


class BigCommerceApi:
    """What is asked of a store. Its address is `https://api.bigcommerce.com/stores/HASH`."""

    credentials: Mapping[str, str] = {
        TOKEN: "Settings, Store-level API accounts, Create API account (orders, customers, products, carts, information"
        " and settings: read-only): the access token",
    }

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """With the token of the API account."""
        del now
        given = {"x-auth-token": connection.credentials[TOKEN], "accept": "application/json"}
        return structs.replace(request, headers={**request.headers, **given})

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none. That something is not there is an answer. 429 says when the next window begins."""
        if response.status in GONE:
            return None
        failed = failed_status(response)
        if failed is not None and (meant := _MEANT.get(response.status)):
            return structs.replace(failed, reason=f"HTTP {response.status}: {meant}")
        reset = response.headers.get(_RESET, "")
        if failed is None or not (reset.isascii() and reset.isdigit()):
            return failed
        return structs.replace(failed, retry_after=min(timedelta(milliseconds=int(reset[:9])), _LONGEST))

    def fetched(self, requests: Mapping[str, ApiRequest]) -> Exchange[Answers]:
        """Asks for each."""
        return answers(requests)
