"""Lists of PrestaShop's web service: what changed within some time, and what its records refer to.

Source: devdocs.prestashop-project.org, web service: advanced use (`filter`, `sort`, `display`, `date`, `limit`,
`output_format=JSON`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from relevo_ingest.connectors.platform_api import ApiRequest, Exchange, Page, Record
from relevo_ingest.connectors.prestashop import references
from relevo_ingest.connectors.prestashop.parts import SETTINGS, TIMEZONE, Lookup, zone_of
from relevo_ingest.core import fields
from relevo_ingest.core.drafts import ShopContext
from relevo_ingest.core.shop_events import Row, Shop, encoded

PAGE = 50
KEPT = timedelta(minutes=10)
_JSON = {"output_format": "JSON"}
_LOCAL = "%Y-%m-%d %H:%M:%S"
_SECOND = timedelta(seconds=1)
_DISPLAYED: Mapping[str, str] = {"customers": references.CUSTOMER}


class PrestaShopLists:
    """The lists of a PrestaShop."""

    resources: Sequence[str] = tuple(references.KINDS)

    def changed(self, resource: str, since: datetime, until: datetime) -> ApiRequest:
        """What `page` turns into requests once it knows the shop's zone: the times are UTC here."""
        return ApiRequest(path=f"/api/{resource}", query={"since": since.isoformat(), "until": until.isoformat()})

    def page(self, resource: str, request: ApiRequest) -> Exchange[Page]:
        """Asks for a page, and for what its records refer to. Raises `InvalidPayload`."""
        settings = yield from _settings()
        zone = zone_of(next((str(row.get("value")) for row in settings if row.get("name") == TIMEZONE), ""))
        rows = yield from _listed(resource, request, zone or ZoneInfo("UTC"))
        related = yield from references.related(resource, rows)
        return _page(resource, request, rows, {**related, "configurations": settings})


def _settings() -> Exchange[list[Row]]:
    wanted = {"filter[name]": f"[{'|'.join(SETTINGS)}]", "display": "[id,name,value]"}
    answer = yield ApiRequest(path="/api/configurations", query={**_JSON, **wanted}, keeps=KEPT)
    return references.rows_of(answer)


def _listed(resource: str, request: ApiRequest, zone: ZoneInfo) -> Exchange[list[Row]]:
    """The next rows by time, and by id within a second. PrestaShop compares local times, and includes both ends."""
    query = request.query
    until = _local(datetime.fromisoformat(query["until"]), zone)
    found: list[Row] = []
    if "at" in query:
        same = {"filter[date_upd]": f"[{query['at']}]", "filter[id]": f">[{query['after']}]", "sort": "[id_ASC]"}
        found = references.rows_of((yield _request(resource, same, PAGE)))
        begin = (datetime.fromisoformat(query["at"]) + _SECOND).strftime(_LOCAL)
    else:
        begin = _earliest(datetime.fromisoformat(query["since"]), datetime.fromisoformat(query["until"]), zone)
    if len(found) < PAGE:
        later = {"filter[date_upd]": f"[{begin},{until}]", "sort": "[date_upd_ASC,id_ASC]"}
        found += references.rows_of((yield _request(resource, later, PAGE - len(found))))
    return found


def _request(resource: str, asked: Mapping[str, str], limit: int) -> ApiRequest:
    query = {**_JSON, "display": _DISPLAYED.get(resource, "full"), "date": "1", **asked, "limit": str(limit)}
    return ApiRequest(path=f"/api/{resource}", query=query)


def _earliest(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    """The earliest local time of that span: where clocks were set back in it, an hour comes twice."""
    first, last = since.astimezone(zone), until.astimezone(zone)
    set_back = max((first.utcoffset() or _SECOND) - (last.utcoffset() or _SECOND), timedelta(0))
    return (first.replace(tzinfo=None) - set_back).strftime(_LOCAL)


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime(_LOCAL)


def _page(resource: str, request: ApiRequest, rows: Sequence[Row], related: Mapping[str, Sequence[Row]]) -> Page:
    kind = references.KINDS[resource]
    lookup = Lookup(Shop(context=ShopContext(shop=""), related=related))
    records = []
    for row in rows:
        updated, own = lookup.time(str(row.get("date_upd") or ""), "date_upd"), fields.ident(row.get("id"))
        if updated is None or not own:
            continue
        body = encoded(kind, row, references.of_row(resource, row, related), source="prestashop")
        records.append(Record(topic=kind, id=own, body=body, updated=updated))
    if len(rows) < PAGE:
        return Page(records=records)
    last = rows[-1]
    following = {"at": str(last.get("date_upd")), "after": str(last.get("id")), "until": request.query["until"]}
    return Page(records=records, following=ApiRequest(path=request.path, query=following))
