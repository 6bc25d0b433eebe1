"""What a platform's own API is asked, as values: its folder makes requests and reads answers, others send them."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from relevo_ingest.core.decoding import parse

T = TypeVar("T")
Answers = Mapping[str, Any]
"""What was fetched, by the names of its requests."""
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
"""That something is not there, where that is an answer."""
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

    `host` is one of the platform's own (`https://api.example`), where a part of its API is beside the shop's.

    An answer to the same request that is not older than `keeps` will do as well: for what hardly changes, such as the
    languages of a shop. `reads` says of a POST that it changes nothing, so that it may be sent again.
    What is `optional` may be refused for good (an older release, a key without that right): the refusal is its answer.
    """

    path: str
    method: str = "GET"
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""
    keeps: timedelta = timedelta(0)
    reads: bool = False
    optional: bool = False
    host: str = ""


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

It yields a request and is sent the answer, one that `failure` finds nothing wrong with (or, of an optional request, a
refusal); it returns what came of them.
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


class PlatformApi(Protocol):
    """A platform's API: what opens it, and what its errors mean. Pure: it sends nothing."""

    @property
    def credentials(self) -> Mapping[str, str]:
        """The names of the credentials that a connection needs, each with where to find it."""
        ...

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """The request with what opens the API."""
        ...

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none (429, 5xx, an error in a 200); `None` if it can be read."""
        ...


class ChangeLists(Protocol):
    """Lists of a platform's API that can be asked what changed within some time. Pure, as all of this.

    Of a platform without webhooks they are asked again and again; of any they are read as history.
    """

    @property
    def resources(self) -> Sequence[str]:
        """What can be listed (`orders`), in the order in which it is read: persons before what is theirs."""
        ...

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page of what changed in `[since, until)`; of what is polled, the least recently changed first."""
        ...

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page of `changed`, and for what its records need beside it. Raises `InvalidPayload`.

        Things change while they are read: following pages begin after the last record (by time, by id, or both), never
        at a number of records, so that what moves or is deleted makes nothing behind it fall out.
        """
        ...


class FetchesById(Protocol):
    """How things that webhooks only name are fetched."""

    def fetched(self, requests: Mapping[str, ApiRequest]) -> Exchange[Answers]:
        """Asks each; what the API does not have, or has nothing of, is `None`. Raises `InvalidPayload`."""
        ...


def answers(requests: Mapping[str, ApiRequest]) -> Exchange[Answers]:
    """`fetched` where nothing has to be asked before. Without the first thing nothing else is asked for."""
    found: dict[str, Any] = {}
    for name, request in requests.items():
        answer = yield request
        gone = answer.status in GONE or not answer.body.strip()
        found[name] = None if gone else parse(answer.body, name)
        if gone and not found.keys() - {name}:
            break  # the thing itself is not there: nothing of it is
    return found
