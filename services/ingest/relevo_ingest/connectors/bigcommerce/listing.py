"""Lists of BigCommerce's API: what changed within some time, each record as the notification that was answered for it.

Source: bigcommerce/docs, reference/orders.v2.oas2.yml, customers.v3.yml, subscribers.v3.yml, products_catalog.v3.yml.

Orders and products are asked for behind an id, customers behind a cursor, so nothing falls out when something else
changes or is deleted. Subscribers have page numbers only: they are read from the last page to the first, since what is
deleted moves others towards the beginning.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.bigcommerce.message import ident, time
from relevo_ingest.connectors.connector import FETCHED
from relevo_ingest.connectors.platform_api import GONE, ApiRequest, ApiResponse, Exchange, Page, Record, answers
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import parse
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.notes import collecting

Row = dict[str, Any]
PAGE = 100
_SECOND = timedelta(seconds=1)
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_NOTHING = 204


class ListOf(Struct, frozen=True, kw_only=True):
    """A list of the API: where it is, how its span is named, and as which notification its records are read."""

    path: str
    scope: str
    type: str
    since: str = "date_modified:min"
    until: str = "date_modified:max"
    query: Mapping[str, str] = {}


LISTS: Mapping[str, ListOf] = MappingProxyType(
    {
        "customers": ListOf(
            path="/v3/customers",
            scope="store/customer/updated",
            type="customer",
            query={"include": "addresses"},
        ),
        "subscribers": ListOf(path="/v3/customers/subscribers", scope="store/subscriber/created", type="subscriber"),
        "products": ListOf(
            path="/v3/catalog/products",
            scope="store/product/updated",
            type="product",
            query={"include": "variants,primary_image", "sort": "id", "direction": "asc"},
        ),
        "orders": ListOf(
            path="/v2/orders",
            since="min_date_modified",
            until="max_date_modified",
            scope="store/order/created",
            type="order",
            query={"include": "consignments.line_items", "consignment_structure": "object", "sort": "id:asc"},
        ),
    }
)
"""In the order in which they are read. Of an order that is new all that happened is told."""
_BEHIND: Mapping[str, str] = {"products": "id:greater", "orders": "min_id"}


class BigCommerceLists:
    """The lists of a store."""

    resources = tuple(LISTS)

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page. Whether an end of the span belongs to it differs by list, so it begins a second earlier."""
        listed = LISTS[resource]
        span = {listed.since: _written(since - _SECOND), listed.until: _written(until)}
        return ApiRequest(path=listed.path, query={**span, **listed.query, "limit": str(PAGE)})

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page, and for the coupons of orders that have any. Raises `InvalidPayload`."""
        if resource == "subscribers":
            return (yield from _backwards(request))
        answer = yield request
        rows, meta = _rows(answer)
        records = []
        for row in rows:
            told = (yield from _of_order(row)) if resource == "orders" else {LISTS[resource].type: {"data": row}}
            records.append(_record(resource, row, told))
        following = _following(resource, request, rows, meta) if len(rows) >= PAGE else None
        return Page(records=[one for one in records if one is not None], following=following, total=_total(meta))


def _backwards(request: ApiRequest) -> Exchange[Page]:
    """A page of subscribers; before the last one is known, the first one is asked how many there are."""
    if "page" not in request.query:
        _, meta = _rows((yield request))
        pages = _number(meta, "pagination", "total_pages") or 1
        request = _with(request, page=str(pages))
    rows, meta = _rows((yield request))
    records = [_record("subscribers", row, {"subscriber": {"data": row}}) for row in rows]
    left = int(request.query["page"]) - 1
    following = _with(request, page=str(left)) if left else None
    total = len(rows) + left * PAGE
    return Page(records=[one for one in records if one is not None], following=following, total=total)


def _of_order(order: Row) -> Exchange[Mapping[str, Any]]:
    """What a webhook has to fetch of an order: lines and addresses come with the list, coupons are asked for."""
    consignments = order.pop("consignments", None)
    groups = consignments if isinstance(consignments, dict) else {}
    shipping, email = _objects(groups.get("shipping")), groups.get("email")
    gifts = _objects(email.get("gift_certificates")) if isinstance(email, dict) else []
    parts = [*shipping, *_objects(groups.get("pickups")), *_objects(groups.get("downloads")), *gifts]
    found: dict[str, Any] = {
        "order": order,
        "products": [line for part in parts for line in _objects(part.get("line_items"))],
        "shipping_addresses": [{name: part[name] for name in part if name != "line_items"} for part in shipping],
        "coupons": [],
    }
    if _is_positive(order.get("coupon_discount")) and (own := ident(order.get("id"))):
        found["coupons"] = (yield from answers({"coupons": ApiRequest(path=f"/v2/orders/{own}/coupons")}))["coupons"]
    return found


def _following(resource: str, request: ApiRequest, rows: list[Row], meta: Row) -> ApiRequest | None:
    """Behind the last record. A cursor is told with the first page and with each that was asked for by one."""
    if resource in _BEHIND:
        last = max((int(own) for row in rows if (own := ident(row.get("id"))).isdigit()), default=0)
        behind = last + 1 if _BEHIND[resource] == "min_id" else last
        return _with(request, **{_BEHIND[resource]: str(behind)}) if last else None
    cursors = meta.get("cursor_pagination")
    cursor = cursors.get("end_cursor") if isinstance(cursors, dict) else None
    if isinstance(cursor, str) and cursor:
        return _with(request, after=cursor)
    raise InvalidPayload("meta.cursor_pagination.end_cursor", "is missing: nobody knows where the next page begins")


def _record(resource: str, row: Row, told: Mapping[str, Any]) -> Record | None:
    """The record as the notification would be that was answered so; `None` for one without an id."""
    own = ident(row.get("id"))
    if not own:
        return None
    updated = _first_time(row, "date_modified", "date_created") or _UNDATED
    listed = LISTS[resource]
    notification = {
        "scope": listed.scope,
        "created_at": int(updated.timestamp()),
        "data": {"type": listed.type, "id": row["id"]},
        FETCHED: told,
    }
    return Record(topic=listed.scope, id=own, body=msgspec.json.encode(notification), updated=updated)


def _first_time(row: Row, *names: str) -> datetime | None:
    with collecting():  # the reader notes what is no time
        return next((at for name in names if (at := time(_text(row.get(name)), name)) is not None), None)


def _rows(answer: ApiResponse) -> tuple[list[Row], Row]:
    """The rows of an answer and what is told beside them. Version 2 answers 204 if there are none."""
    if answer.status == _NOTHING or not answer.body.strip():
        return [], {}
    if answer.status in GONE:
        raise InvalidPayload("", "nothing is there: the address is https://api.bigcommerce.com/stores/HASH")
    given = parse(answer.body)
    rows = given.get("data") if isinstance(given, dict) else given
    if not isinstance(rows, list):
        raise InvalidPayload("data", "is missing: the answer is not a list of BigCommerce's API")
    meta = given.get("meta") if isinstance(given, dict) else None
    return _objects(rows), meta if isinstance(meta, dict) else {}


def _total(meta: Row) -> int | None:
    return _number(meta, "pagination", "total")


def _number(meta: Row, *path: str) -> int | None:
    found: Any = meta
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _objects(value: Any) -> list[Row]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_positive(amount: Any) -> bool:
    with collecting():
        return fields.is_positive(fields.optional_money(_text(amount), "USD", "coupon_discount"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None if value is None else str(value)


def _with(request: ApiRequest, **query: str) -> ApiRequest:
    return structs.replace(request, query={**request.query, **query})


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_FORMAT)
