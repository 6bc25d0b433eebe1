"""PrestaShop's web service: lists by filter, sort, display and limit, in JSON.

Source: devdocs.prestashop-project.org, web service, advanced use. Where a list is empty it answers `[]` alone.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from relevo_sandbox.shops.lists import ChangingLists, Row
from relevo_sandbox.shops.server import json

ALL = "full"
_OBJECTS = {"order_slip": "order_slips"}
_CHANGED = "filter[date_upd]"


class PrestaShop(ChangingLists):
    """Answers whoever has the key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._authorization = "Basic " + b64encode(f"{key}:".encode()).decode()

    def answer(self, request: Request) -> Response:
        """What the web service says."""
        if request.headers.get("authorization") != self._authorization:
            return json({"errors": [{"code": 17, "message": "Invalid authentication key format"}]}, 401)
        name, query = request.url.path.removeprefix("/api/"), dict(request.query_params)
        found = listed(self.rows(name), query)
        if _CHANGED in query:
            self.read(name, (str(row["id"]) for row in found))
        rows = [displayed(row, query.get("display", ALL)) for row in found]
        return json({_OBJECTS.get(name, name): rows} if rows else [])


def listed(rows: Sequence[Row], query: Mapping[str, str]) -> list[Row]:
    """The rows that fit every filter, in the order that is asked for."""
    found = [
        row
        for row in rows
        if all(_fits(row.get(name[7:-1]), wanted) for name, wanted in query.items() if name.startswith("filter["))
    ]
    for part in reversed(query.get("sort", "[id_ASC]").strip("[]").split(",")):
        field = part.rpartition("_")[0]
        found.sort(key=lambda row: row.get(field, ""))
    return found[: int(query["limit"])] if "limit" in query else found


def displayed(row: Row, display: str) -> Row:
    """The fields of a row that are asked for."""
    if display == ALL:
        return row
    return {name: row[name] for name in display.strip("[]").split(",") if name in row}


def _fits(value: Any, wanted: str) -> bool:
    if wanted.startswith(">["):
        return int(value) > int(wanted[2:-1])
    inner = wanted[1:-1]
    if "," in inner:
        low, high = inner.split(",")
        return low <= str(value) <= high
    return str(value) in inner.split("|")
