"""Lists of WooCommerce's REST API v3: what changed within some time. Source: woocommerce-rest-api-docs, v3.

Orders and products are asked by the time of their last change: each page begins where the one before ended, so that
what moves to the end meanwhile makes nothing fall out. Customers can't be asked so: they come by id, and pages overlap
a little, since one that is deleted meanwhile moves those behind it forward.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Exchange, Page, Record
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.fields import Id, Text, ident, utc_without_zone
from relevo_ingest.core.notes import collecting

PATH = "/wp-json/wc/v3"
TOPICS: Mapping[str, str] = MappingProxyType(
    {"customers": "customer.updated", "products": "product.updated", "orders": "order.created"}
)
"""What each list is read as, in the order in which they are read. Of an order that is new all that happened is told."""
_PAGE, _OVERLAP = 100, 10
_SECOND = timedelta(seconds=1)
_FORMAT = "%Y-%m-%dT%H:%M:%S"
_BY_ID = "customers"
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


class StampShape(Struct, frozen=True):
    """What is needed of a record to go on behind it."""

    id: Id = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None


class WooCommerceLists:
    """The lists of a shop."""

    resources: Sequence[str] = tuple(TOPICS)

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page; what is deleted meanwhile is told by webhooks alone."""
        return _first(resource, since, until)

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page. Raises `InvalidPayload`."""
        answer = yield request
        return _page(resource, request, answer)


def _first(resource: str, since: datetime, until: datetime) -> ApiRequest:
    """The first page of what changed in `[since, until)`. WooCommerce compares whole seconds and excludes both ends."""
    span = {"modified_after": _written(since - _SECOND), "modified_before": _written(until), "dates_are_gmt": "true"}
    paging = {"per_page": str(_PAGE), "order": "asc"}
    by_id, by_time = {"orderby": "id", "offset": "0", "role": "all"}, {"orderby": "modified", "page": "1"}
    how = by_id if resource == _BY_ID else by_time
    return ApiRequest(path=f"{PATH}/{resource}", query={**span, **paging, **how})


def _page(resource: str, request: ApiRequest, answer: ApiResponse) -> Page:
    """What the page says, and the next one. Raises `InvalidPayload`."""
    try:
        bodies = msgspec.json.decode(answer.body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidPayload("body", f"is not a list of {resource}: {error}") from None
    records = [record for body in bodies if (record := _record(resource, bytes(body))) is not None]
    total = answer.headers.get("x-wp-total", "")
    following = _following(resource, request, records) if len(bodies) >= _PAGE else None
    if resource == _BY_ID:
        query = request.query
        wanted = [
            one
            for one in records
            if one.updated == _UNDATED or query["modified_after"] < _written(one.updated) < query["modified_before"]
        ]
        left = max(int(total) - int(query["offset"]), 0) if total.isdigit() else None
        return Page(records=wanted, following=following, total=left)
    return Page(records=records, following=following, total=int(total) if total.isdigit() else None)


def _following(resource: str, request: ApiRequest, records: list[Record]) -> ApiRequest:
    query = dict(request.query)
    if resource == _BY_ID:
        query["offset"] = str(int(query["offset"]) + _PAGE - _OVERLAP)
    elif records and _written(records[-1].updated - _SECOND) > query["modified_after"]:
        query |= {"modified_after": _written(records[-1].updated - _SECOND), "page": "1"}
    else:  # more of one second than a page holds
        query["page"] = str(int(query["page"]) + 1)
    return structs.replace(request, query=query)


def _record(resource: str, body: bytes) -> Record | None:
    """The record; `None` for one that is not a record, which costs itself only."""
    try:
        with collecting():
            stamp = decode(body, StampShape)
            updated = utc_without_zone(stamp.date_modified_gmt, "date_modified_gmt") or utc_without_zone(
                stamp.date_created_gmt, "date_created_gmt"
            )
    except InvalidPayload:
        return None
    if not ident(stamp.id):
        return None
    return Record(topic=TOPICS[resource], id=ident(stamp.id), body=body, updated=updated or _UNDATED)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_FORMAT)
