"""What a platform's own API is asked, as values: its folder makes requests and reads answers, others send them."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol, TypeVar

from msgspec import Struct

T = TypeVar("T")
_AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_SHOWN = 200


class Connection(Struct, frozen=True, kw_only=True):
    """Where a shop's API is and what opens it. `credentials` are by the names that the platform declares."""

    base_url: str
    credentials: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Connection(base_url={self.base_url!r}, credentials='********')"


class ApiRequest(Struct, frozen=True, kw_only=True):
    """A request to a shop's API. `path` begins with `/` and is added to the connection's `base_url`.

    An answer to the same request that is not older than `keeps` will do as well: for what hardly changes, such as the
    languages of a shop.
    """

    path: str
    method: str = "GET"
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    keeps: timedelta = timedelta(0)


class ApiResponse(Struct, frozen=True, kw_only=True):
    """The answer to a request. `headers` have their names in lower case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class ApiFailure(Struct, frozen=True):
    """Why an answer is none. `retry_after` is what the platform asks for; a permanent one is not tried again."""

    reason: str
    permanent: bool = False
    retry_after: timedelta | None = None


Exchange = Generator[ApiRequest, ApiResponse, T]
"""Requests one after the other, each of which may need the answers before it; whoever drives it sends them.

It yields a request and is sent the answer, one that `failure` finds nothing wrong with; it returns what came of them.
"""


def failed_status(response: ApiResponse) -> ApiFailure | None:
    """Why an answer with this status is none, as HTTP means it; `None` for 2xx.

    What the sender has to mend (a wrong key, a request that is not understood) is permanent.
    """
    if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    text = response.body[:_SHOWN].decode(errors="replace").strip()
    temporary = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status in _AGAIN
    return ApiFailure(f"HTTP {response.status}: {text}" if text else f"HTTP {response.status}", not temporary)


class Record(Struct, frozen=True, kw_only=True):
    """One thing as the API tells it: `body` is what the connector's `read` takes for `topic`.

    `id` and `updated` are for the cursor; `updated` is by the platform's clock, in UTC.
    """

    topic: str
    id: str
    body: bytes
    updated: datetime


class Page(Struct, frozen=True, kw_only=True):
    """One page of records in the order of the API, and the request for the next; `None` ends it.

    `total` is how many records this request asks for, those of this page included, where the API says so.
    """

    records: Sequence[Record]
    following: ApiRequest | None = None
    total: int | None = None


class Resource(Struct, frozen=True, kw_only=True):
    """A kind of thing that an API lists (`orders`). `polled` says whether it is asked for again and again."""

    name: str
    polled: bool = False


class PlatformApi(Protocol):
    """A platform's API. Pure: it makes requests and reads answers, and sends nothing."""

    @property
    def credentials(self) -> Mapping[str, str]:
        """The names of the credentials that a connection needs, each with where to find it."""
        ...

    @property
    def resources(self) -> Sequence[Resource]:
        """What can be listed, in the order in which it is read: persons before what is theirs."""
        ...

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """The request with what opens the API."""
        ...

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none (429, 5xx, an error in a 200); `None` if it can be read."""
        ...

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page of what changed in `[since, until)`, the least recently changed first."""
        ...

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page of `changed`, and for what its records need beside it. Raises `InvalidPayload`.

        Things change while they are read: following pages begin after the last record (by time, then id), never at a
        number of records, so that what moves to the end makes nothing behind it fall out.
        """
        ...
