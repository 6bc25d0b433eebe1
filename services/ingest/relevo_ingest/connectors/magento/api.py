"""Magento's REST API: what opens it, what its errors mean, what changed, and what its records refer to.

Source: AdobeDocs/commerce-webapi, "Search using REST endpoints"; magento/magento2, `webapi.xml` of its modules.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct, structs

from relevo_ingest.connectors.platform_api import (
    ApiFailure,
    ApiRequest,
    ApiResponse,
    Connection,
    Exchange,
    Page,
    Record,
    Resource,
    failed_status,
)
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import parse
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.shop_events import Row, encoded

TOKEN = "token"  # noqa: S105 - the name of the credential
PAGE = 50
_V1 = "/rest/V1"
_KEPT = timedelta(minutes=10)
_FORMAT = "%Y-%m-%d %H:%M:%S"
_MEANT = {
    401: "the token is wrong, or its integration may not read this: see the resources that the page lists",
    403: "the token's integration may not read this: see the resources that the page lists",
    404: "there is no REST API at this address: is it the address of the shop's home?",
}


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


class ErrorShape(Struct, frozen=True):
    """How Magento tells an error: a message with `%1` or `%name` for its parameters."""

    message: str = ""
    parameters: Any = None


class MagentoApi:
    """What is asked of a Magento."""

    credentials: Mapping[str, str] = {
        TOKEN: "System, Integrations, Add New Integration: its access token, once it is activated (Magento 2.4.4 and"
        " later: allow it as a bearer token under Stores, Configuration, Services, OAuth)"
    }
    resources: Sequence[Resource] = tuple(Resource(name=name, polled=True) for name in LISTS)

    def authorised(self, request: ApiRequest, connection: Connection, now: datetime) -> ApiRequest:
        """With the token of an integration."""
        del now
        given = {"authorization": f"Bearer {connection.credentials[TOKEN]}"}
        return structs.replace(request, headers={**request.headers, **given})

    def failure(self, response: ApiResponse) -> ApiFailure | None:
        """Why the answer is none: its status, or a message where a record was asked for."""
        failed, told = failed_status(response), _error(response.body)
        if failed is None:
            return ApiFailure(f"Magento says: {told}") if told else None
        meant = _MEANT.get(response.status) or told
        return structs.replace(failed, reason=f"HTTP {response.status}: {meant}") if meant else failed

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """What `page` turns into requests: the next one after a time and an id."""
        query = {"since": since.strftime(_FORMAT), "until": until.strftime(_FORMAT)}
        return ApiRequest(path=f"{_V1}{LISTS[resource].path}", query=query)

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page, and for what its records refer to. Raises `InvalidPayload`."""
        rows = yield from _listed(request)
        related = (yield from _related(resource, rows)) if rows else {}
        return _page(resource, request, rows, related)


def _listed(request: ApiRequest) -> Exchange[list[Row]]:
    """The next rows by time, and by id within a second."""
    query, found = request.query, list[Row]()
    if "at" in query:
        same = [("updated_at", "eq", query["at"]), ("entity_id", "gt", query["after"])]
        found = rows_of((yield _search(request.path, same, ["entity_id"], PAGE)))
        begin = ("updated_at", "gt", query["at"])
    else:
        begin = ("updated_at", "gteq", query["since"])
    if len(found) < PAGE:
        later = [begin, ("updated_at", "lt", query["until"])]
        found += rows_of((yield _search(request.path, later, ["updated_at", "entity_id"], PAGE - len(found))))
    return found


def _search(path: str, filters: Sequence[tuple[str, str, str]], order: Sequence[str], size: int) -> ApiRequest:
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


def _related(resource: str, rows: Sequence[Row]) -> Exchange[dict[str, list[Row]]]:
    """Asks for store views, and what else the rows refer to."""
    found = {"storeConfigs": rows_of((yield ApiRequest(path=f"{_V1}/store/storeConfigs", keeps=_KEPT)))}
    if resource == "customers":
        everything = _search(f"{_V1}/customerGroups/search", [], ["customer_group_id"], 1000)
        found["customerGroups"] = rows_of((yield structs.replace(everything, keeps=_KEPT)))
    if resource == "products":
        skus = ",".join(sorted({str(row["sku"]) for row in rows if row.get("sku") and "," not in str(row["sku"])}))
        found["sourceItems"] = rows_of(
            (yield _search(f"{_V1}/inventory/source-items", [("sku", "in", skus)], ["source_item_id"], 1000))
        )
        if categories := ",".join(dict.fromkeys(id_ for row in rows for id_ in _category_ids(row))):
            wanted = [("entity_id", "in", categories)]
            found["categories"] = rows_of((yield _search(f"{_V1}/categories/list", wanted, ["entity_id"], 1000)))
    return found


def _category_ids(row: Row) -> Iterable[str]:
    extension = row.get("extension_attributes")
    links = extension.get("category_links") if isinstance(extension, dict) else None
    return [str(one.get("category_id")) for one in links if isinstance(one, dict)] if isinstance(links, list) else []


def _page(resource: str, request: ApiRequest, rows: Sequence[Row], related: Mapping[str, Sequence[Row]]) -> Page:
    listed, records = LISTS[resource], []
    for row in rows:
        updated = fields.utc_without_zone(str(row.get("updated_at") or ""), "updated_at")
        own = fields.ident(row.get(listed.id))
        if updated is None or not own:
            continue
        body = encoded(listed.kind, row, _of_row(row, related), source="magento")
        records.append(Record(topic=listed.kind, id=own, body=body, updated=updated))
    if len(rows) < PAGE:
        return Page(records=records)
    last = rows[-1]
    following = {"at": str(last.get("updated_at")), "after": str(last.get(listed.id)), "until": request.query["until"]}
    return Page(records=records, following=ApiRequest(path=request.path, query=following))


def _of_row(row: Row, related: Mapping[str, Sequence[Row]]) -> dict[str, Sequence[Row]]:
    """Those of the rows that this record refers to; of a product, which is in all stores, every store view."""
    wanted: dict[str, tuple[str, set[str]]] = {
        "storeConfigs": ("id", {str(row.get("store_id"))}),
        "customerGroups": ("id", {str(row.get("group_id"))}),
        "sourceItems": ("sku", {str(row.get("sku"))}),
        "categories": ("id", set(_category_ids(row))),
    }
    found = {}
    for name, rows in related.items():
        field, ids = wanted[name]
        every = name == "storeConfigs" and "store_id" not in row
        found[name] = [one for one in rows if every or str(one.get(field)) in ids]
    return {name: rows for name, rows in found.items() if rows}


def rows_of(answer: ApiResponse) -> list[Row]:
    """The rows of an answer: `items`, which is null where there are none, or a list. Raises `InvalidPayload`."""
    given: Any = parse(answer.body)
    rows = given.get("items", given) if isinstance(given, dict) else given
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise InvalidPayload("items", "is missing: the answer is not a list of Magento's REST API")
    return [row for row in rows if isinstance(row, dict)]


def _error(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body, type=ErrorShape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    named = found.parameters if isinstance(found.parameters, dict) else {}
    listed = found.parameters if isinstance(found.parameters, list) else []
    message = found.message
    for name, value in [*named.items(), *((str(n), one) for n, one in enumerate(listed, 1))]:
        message = message.replace(f"%{name}", str(value)[:200])
    return message[:300]
