"""Lists of OroCommerce's API: what changed within some time, each resource as the message that tells it.

Source: doc.oroinc.com, "Filters" and "JSON:API"; oroinc/orocommerce and oroinc/customer-portal, `api.yml` and the
functional tests of its API. Each page begins behind the last id, so that nothing falls out when something else changes
or is deleted. Persons can't be asked by time there: all are read, and those that changed are passed on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.orocommerce import customers, orders, products
from relevo_ingest.connectors.orocommerce.api import JSON_API, OroCommerceApi
from relevo_ingest.connectors.orocommerce.json_api import Reference, Resource, resources
from relevo_ingest.connectors.orocommerce.shapes import StampShape
from relevo_ingest.connectors.platform_api import GONE, ApiRequest, ApiResponse, Exchange, Page, Record
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import parse_object
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting

Row = Mapping[str, Any]
PAGE = 100
_PATH = "/admin/api"
_HEADERS = {"accept": JSON_API, "x-include": "totalCount"}
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE, _UNTIL, _BEHIND = "filter[updatedAt][gte]", "filter[updatedAt][lt]", "filter[id][gt]"


class ListOf(Struct, frozen=True, kw_only=True):
    """A list of the API: the resource, as which topic it is read, and what of it comes along."""

    resource: str
    topic: str
    include: str = ""
    by_time: bool = True


LISTS: Mapping[str, ListOf] = MappingProxyType(
    {
        "companies": ListOf(resource="customers", topic="customer.updated"),
        "customers": ListOf(
            resource="customerusers", topic="customeruser.updated", include=customers.INCLUDE, by_time=False
        ),
        "products": ListOf(resource="products", topic="product.updated", include=products.INCLUDE),
        "orders": ListOf(resource="orders", topic="order.created", include=orders.INCLUDE),
    }
)
"""In the order in which they are read. Of an order that is new all that happened is told."""


class OroCommerceLists:
    """The lists of a shop."""

    resources: Sequence[str] = tuple(LISTS)
    _api = OroCommerceApi()

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page. The span is asked for where it can be; `page` looks at it in any case."""
        listed = LISTS[resource]
        include = {"include": listed.include} if listed.include else {}
        query = {_SINCE: _written(since), _UNTIL: _written(until), "sort": "id", "page[size]": str(PAGE), **include}
        return ApiRequest(path=f"{_PATH}/{listed.resource}", query=query, headers=_HEADERS)

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page, after a sign-in. Raises `InvalidPayload`."""
        return self._api.signed_in(_page(resource, request))


def _page(resource: str, request: ApiRequest) -> Exchange[Page]:
    asked = request if LISTS[resource].by_time else _without(request, _SINCE, _UNTIL)
    answer = yield asked
    rows, included = _document(answer)
    found = [(row, one) for row in rows for one in resources([row], "data")]
    read = [_record(resource, row, one, included) for row, one in found if isinstance(row.get("attributes"), dict)]
    records = [one for one in read if one.updated == _UNDATED or _within(request, one.updated)]
    last = max((int(one.id) for _, one in found if one.id.isdigit()), default=0)
    more = len(rows) >= PAGE and last
    following = structs.replace(request, query={**request.query, _BEHIND: str(last)}) if more else None
    total = answer.headers.get("x-include-total-count", "")
    return Page(records=records, following=following, total=int(total) if total.isdigit() else None)


def _within(request: ApiRequest, updated: datetime) -> bool:
    return request.query[_SINCE] <= _written(updated) < request.query[_UNTIL]


def _document(answer: ApiResponse) -> tuple[list[Row], Mapping[Reference, Row]]:
    """The resources that were asked for, and those that came along. Raises `InvalidPayload`."""
    if answer.status in GONE:
        raise InvalidPayload("", "nothing is there: is the address the shop's, and is its back office below /admin?")
    whole = parse_object(answer.body)
    data, came = whole.get("data"), whole.get("included")
    if not isinstance(data, list):
        raise InvalidPayload("data", "is missing: the answer is not a list of OroCommerce's API")
    rows = came if isinstance(came, list) else []
    included = {one.reference: row for row in rows for one in resources([row], "included")}
    return [row for row in data if isinstance(row, dict)], included


def _record(resource: str, row: Row, one: Resource, included: Mapping[Reference, Row]) -> Record:
    """The resource as the message would have it: with what it leads to, and nothing of the others of its page."""
    with collecting():  # the reader notes what is odd
        stamp = one.as_shape(StampShape)
        updated = fields.utc(stamp.updated_at) or fields.utc(stamp.created_at) or _UNDATED
    message = {
        "topic": LISTS[resource].topic,
        "timestamp": int(updated.timestamp()),
        "eventData": {"data": row, "included": list(_reached(one, included))},
    }
    return Record(topic=LISTS[resource].topic, id=one.id, body=msgspec.json.encode(message), updated=updated)


def _reached(start: Resource, included: Mapping[Reference, Row]) -> Iterable[Row]:
    """What came along and the resource leads to, over any number of relationships; each once."""
    seen: set[Reference] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        for name in one.relationships:
            for reference in one.linked(name):
                if reference in included and reference not in seen:
                    seen.add(reference)
                    yield included[reference]
                    waiting += resources([included[reference]], "included")


def _without(request: ApiRequest, *names: str) -> ApiRequest:
    return structs.replace(request, query={name: value for name, value in request.query.items() if name not in names})


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_FORMAT)
