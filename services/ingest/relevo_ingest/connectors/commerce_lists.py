"""Lists of the REST API that Magento and Adobe Commerce have in common: what changed within some time.

Source: AdobeDocs/commerce-webapi, "Search using REST endpoints"; magento/magento2, `webapi.xml` of its modules.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Exchange
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import parse
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.shop_events import Row

PAGE = 50
V1 = "/rest/V1"
_FORMAT = "%Y-%m-%d %H:%M:%S"


class ListOf(Struct, frozen=True):
    """A list of the API: its path, and what one record is."""

    path: str
    kind: str
    id: str = "entity_id"


LISTS: Mapping[str, ListOf] = {
    "customers": ListOf("/customers/search", "customer", "id"),
    "products": ListOf("/products", "product", "id"),
    "carts": ListOf("/carts/search", "cart", "id"),
    "orders": ListOf("/orders", "order"),
    "invoices": ListOf("/invoices", "invoice"),
    "shipments": ListOf("/shipments", "shipment"),
    "creditmemos": ListOf("/creditmemos", "creditmemo"),
}
"""The lists that are asked, in the order in which they are read. By the database all ids are `entity_id`."""


def changed(resource: str, since: datetime, until: datetime) -> ApiRequest:
    """What `listed` turns into requests: the next one after a time and an id."""
    query = {"since": since.strftime(_FORMAT), "until": until.strftime(_FORMAT)}
    return ApiRequest(path=f"{V1}{LISTS[resource].path}", query=query)


def listed(request: ApiRequest) -> Exchange[list[Row]]:
    """The next rows by time, and by id within a second."""
    query, found = request.query, list[Row]()
    if "at" in query:
        same = [("updated_at", "eq", query["at"]), ("entity_id", "gt", query["after"])]
        found = rows_of((yield search(request.path, same, ["entity_id"], PAGE)))
        begin = ("updated_at", "gt", query["at"])
    else:
        begin = ("updated_at", "gteq", query["since"])
    if len(found) < PAGE:
        later = [begin, ("updated_at", "lt", query["until"])]
        found += rows_of((yield search(request.path, later, ["updated_at", "entity_id"], PAGE - len(found))))
    return found


def search(path: str, filters: Sequence[tuple[str, str, str]], order: Sequence[str], size: int) -> ApiRequest:
    """A search by filters that all hold; each group has one."""
    query = {"searchCriteria[pageSize]": str(size), "searchCriteria[currentPage]": "1"}
    for n, (field, condition, value) in enumerate(filters):
        at = f"searchCriteria[filter_groups][{n}][filters][0]"
        query |= {f"{at}[field]": field, f"{at}[condition_type]": condition, f"{at}[value]": value}
    for n, field in enumerate(order):
        query |= {
            f"searchCriteria[sortOrders][{n}][field]": field,
            f"searchCriteria[sortOrders][{n}][direction]": "ASC",
        }
    return ApiRequest(path=path, query=query)


def following(resource: str, request: ApiRequest, rows: Sequence[Row]) -> ApiRequest | None:
    """The page behind the last row; `None` if there is no more."""
    if len(rows) < PAGE:
        return None
    last = rows[-1]
    behind = {"at": str(last.get("updated_at")), "after": str(last.get(LISTS[resource].id))}
    return ApiRequest(path=request.path, query={**behind, "until": request.query["until"]})


def stamp(resource: str, row: Row) -> tuple[str, datetime] | None:
    """The id of a row, and when it changed; `None` where it does not say."""
    updated = fields.utc_without_zone(str(row.get("updated_at") or ""), "updated_at")
    own = fields.ident(row.get(LISTS[resource].id))
    return (own, updated) if updated is not None and own else None


def rows_of(answer: ApiResponse) -> list[Row]:
    """The rows of an answer: `items`, which is null where there are none, or a list. Raises `InvalidPayload`."""
    given: Any = parse(answer.body)
    rows = given.get("items", given) if isinstance(given, dict) else given
    if rows is None and isinstance(given, dict):
        return []
    if not isinstance(rows, list):
        raise InvalidPayload("items", "is missing: the answer is not a list of Magento's REST API")
    return [row for row in rows if isinstance(row, dict)]
