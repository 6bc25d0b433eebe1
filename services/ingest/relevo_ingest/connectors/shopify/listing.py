"""Lists of Shopify's Admin REST API: what changed within some time. Source: shopify.dev, "Paginate results with REST".

A page's `Link` leads to the next one by a cursor that stands behind its last record, wherever records move meanwhile.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct

from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Exchange, Page, Record
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text, Time, ident
from relevo_ingest.core.notes import collecting
from relevo_ingest.core.times import to_utc

VERSION = "2026-01"
PATH = f"/admin/api/{VERSION}"
TOPICS: Mapping[str, str] = MappingProxyType(
    {"customers": "customers/update", "products": "products/update", "orders": "orders/create"}
)
"""What each list is read as, in the order in which they are read; of an order also that it was paid, or cancelled."""
_PAID = ("paid", "partially_refunded", "refunded")
_PAGE = 250
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


class StampShape(Struct, frozen=True):
    """What is needed of a record to know what it tells."""

    id: Id = None
    created_at: Time = None
    updated_at: Time = None
    cancelled_at: Time = None
    financial_status: Text = None


class ShopifyLists:
    """The lists of a shop."""

    resources: Sequence[str] = tuple(TOPICS)

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page."""
        return _first(resource, since, until)

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page. Raises `InvalidPayload`."""
        answer = yield request
        return _page(resource, answer)


def _first(resource: str, since: datetime, until: datetime) -> ApiRequest:
    """The first page of what changed in `[since, until)`."""
    span = {"updated_at_min": _written(since), "updated_at_max": _written(until)}
    every = {"status": "any"} if resource == "orders" else {}
    query = {**span, **every, "order": "updated_at asc", "limit": str(_PAGE)}
    return ApiRequest(path=f"{PATH}/{resource}.json", query=query)


def _page(resource: str, answer: ApiResponse) -> Page:
    """What the page says, and the next one. Raises `InvalidPayload`."""
    try:
        found = msgspec.json.decode(answer.body, type=dict[str, list[msgspec.Raw]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidPayload("body", f"is not a list of {resource}: {error}") from None
    if resource not in found:
        raise InvalidPayload(resource, "is missing: the answer is not a list of the Admin API")
    records = [record for body in found[resource] for record in _records(resource, bytes(body))]
    return Page(records=records, following=_following(resource, answer))


def _following(resource: str, answer: ApiResponse) -> ApiRequest | None:
    """By the cursor of the link alone: its host may be another name of the shop."""
    link = _NEXT.search(answer.headers.get("link", ""))
    cursor = dict(parse_qsl(urlsplit(link[1]).query)).get("page_info", "") if link else ""
    if not cursor:
        return None
    return ApiRequest(path=f"{PATH}/{resource}.json", query={"limit": str(_PAGE), "page_info": cursor})


def _records(resource: str, body: bytes) -> Iterator[Record]:
    """What a record tells; nothing for one that is not a record, which costs itself only."""
    try:
        with collecting():
            stamp = decode(body, StampShape)
    except InvalidPayload:
        return
    if not ident(stamp.id):
        return
    updated = to_utc(stamp.updated_at or stamp.created_at or _UNDATED)
    for topic in _topics(resource, stamp):
        yield Record(topic=topic, id=ident(stamp.id), body=body, updated=updated)


def _topics(resource: str, stamp: StampShape) -> Iterator[str]:
    yield TOPICS[resource]
    if resource == "orders" and (stamp.financial_status or "").lower() in _PAID:
        yield "orders/paid"
    if resource == "orders" and stamp.cancelled_at is not None:
        yield "orders/cancelled"


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
