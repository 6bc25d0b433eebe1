"""Lists of Magento: what changed within some time, and what its records refer to."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from relevo_ingest.connectors import commerce_lists
from relevo_ingest.connectors.commerce_lists import LISTS, V1, listed, rows_of, search, stamp
from relevo_ingest.connectors.platform_api import ApiRequest, Exchange, Page, Record
from relevo_ingest.core.shop_events import Row, encoded

_KEPT = timedelta(minutes=10)


class MagentoLists:
    """The lists of a Magento."""

    resources: Sequence[str] = tuple(LISTS)

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """The first page."""
        return commerce_lists.changed(resource, since, until)

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page, and for what its records refer to. Raises `InvalidPayload`."""
        rows = yield from listed(request)
        related = (yield from _related(resource, rows)) if rows else {}
        return _page(resource, request, rows, related)


def _related(resource: str, rows: Sequence[Row]) -> Exchange[dict[str, list[Row]]]:
    """Asks for store views, and what else the rows refer to."""
    found = {"storeConfigs": rows_of((yield ApiRequest(path=f"{V1}/store/storeConfigs", keeps=_KEPT)))}
    if resource == "customers":
        everything = search(f"{V1}/customerGroups/search", [], ["customer_group_id"], 1000)
        found["customerGroups"] = rows_of((yield structs.replace(everything, keeps=_KEPT)))
    if resource == "products":
        skus = ",".join(sorted({str(row["sku"]) for row in rows if row.get("sku") and "," not in str(row["sku"])}))
        found["sourceItems"] = rows_of(
            (yield search(f"{V1}/inventory/source-items", [("sku", "in", skus)], ["source_item_id"], 1000))
        )
        if categories := ",".join(dict.fromkeys(id_ for row in rows for id_ in _category_ids(row))):
            wanted = [("entity_id", "in", categories)]
            found["categories"] = rows_of((yield search(f"{V1}/categories/list", wanted, ["entity_id"], 1000)))
    return found


def _category_ids(row: Row) -> Iterable[str]:
    extension = row.get("extension_attributes")
    links = extension.get("category_links") if isinstance(extension, dict) else None
    return [str(one.get("category_id")) for one in links if isinstance(one, dict)] if isinstance(links, list) else []


def _page(resource: str, request: ApiRequest, rows: Sequence[Row], related: Mapping[str, Sequence[Row]]) -> Page:
    kind, records = LISTS[resource].kind, []
    for row in rows:
        if (found := stamp(resource, row)) is not None:
            own, updated = found
            body = encoded(kind, row, _of_row(row, related), source="magento")
            records.append(Record(topic=kind, id=own, body=body, updated=updated))
    return Page(records=records, following=commerce_lists.following(resource, request, rows))


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
