"""Magento's REST API: searches by criteria, in UTC without a zone.

Source: AdobeDocs/commerce-webapi, "Search using REST endpoints". Where nothing is found `items` is null.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from relevo_sandbox.shops.lists import ChangingLists, Row
from relevo_sandbox.shops.server import json

STORES = "/store/storeConfigs"
_ROOT = "/rest/V1"
_FILTER = re.compile(r"searchCriteria\[filter_groups\]\[(\d+)\]\[filters\]\[0\]\[(field|value|condition_type)\]")
_ORDER = re.compile(r"searchCriteria\[sortOrders\]\[(\d+)\]\[field\]")
_CHANGED = "updated_at"


class Magento(ChangingLists):
    """Answers whoever has the token. Lists are by their paths."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._authorization = f"Bearer {token}"

    def answer(self, request: Request) -> Response:
        """What the API says."""
        if request.headers.get("authorization") != self._authorization:
            return json({"message": "The consumer isn't authorized to access %resources.", "parameters": {}}, 401)
        path, query = request.url.path.removeprefix(_ROOT), dict(request.query_params)
        if path == STORES:
            return json(self.rows(path))
        filters = filters_of(query)
        found = searched(self.rows(path), filters, query)
        if any(one["field"] == _CHANGED for one in filters):
            self.read(path, (str(number_of(row)) for row in found))
        return json({"items": found or None, "search_criteria": {}, "total_count": len(found)})


def filters_of(query: Mapping[str, str]) -> list[dict[str, str]]:
    """The filters of a search, each with its field, condition and value."""
    found: dict[str, dict[str, str]] = {}
    for name, value in query.items():
        if matched := _FILTER.fullmatch(name):
            found.setdefault(matched[1], {})[matched[2]] = value
    return list(found.values())


def searched(rows: Sequence[Row], filters: Sequence[Mapping[str, str]], query: Mapping[str, str]) -> list[Row]:
    """The rows that fit every filter, in the order that is asked for."""
    found = [row for row in rows if all(_fits(row, **one) for one in filters)]
    for field in reversed([value for name, value in sorted(query.items()) if _ORDER.fullmatch(name)]):
        found.sort(key=lambda row: _value(row, field))
    return found[: int(query["searchCriteria[pageSize]"])]


def number_of(row: Row) -> int:
    """The id of a row: by the database all are called `entity_id`."""
    number: int = row.get("entity_id", row.get("id", 0))
    return number


def _value(row: Row, field: str) -> Any:
    return number_of(row) if field.endswith("_id") and field not in row else row.get(field, "")


def _fits(row: Row, field: str, condition_type: str, value: str) -> bool:
    own = _value(row, field)
    if condition_type == "in":
        return str(own) in value.split(",")
    wanted = int(value) if isinstance(own, int) else value
    holds = {"eq": own == wanted, "gt": own > wanted, "gteq": own >= wanted, "lt": own < wanted}
    return bool(holds[condition_type])
