"""What the records of PrestaShop refer to: which rows of other lists are asked for beside them, and belong to which."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from relevo_ingest.connectors.platform_api import ApiRequest, ApiResponse, Exchange, failed_status
from relevo_ingest.core import fields
from relevo_ingest.core.decoding import parse
from relevo_ingest.core.errors import InvalidPayload
from relevo_ingest.core.shop_events import Row

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "customers": "customer",
        "products": "product",
        "carts": "cart",
        "orders": "order",
        "order_slip": "order_slip",
    }
)
"""The lists that have a time of their last change, in the order in which they are read, and what one record is."""

CUSTOMER = (
    "[id,id_lang,id_default_group,email,firstname,lastname,company,siret,birthday,newsletter,newsletter_date_add,"
    "optin,is_guest,deleted,date_add,date_upd]"
)
"""What is asked of a customer: never the password's hash or the secure key, which a whole record has."""
_KEPT = timedelta(minutes=10)


class Reference(Struct, frozen=True, kw_only=True):
    """Rows of the list `resource` whose `field` is one of the ids that `ids` finds in a record (or in related rows).

    `whole` lists are short and are asked for as they are, seldom. `of` is the list whose rows refer to it, if that is
    not the record itself. What is `optional` an older key may not read: there are no rows then.
    """

    resource: str
    ids: Callable[[Row], Iterable[Any]]
    field: str = "id"
    display: str = "full"
    whole: bool = False
    of: str = ""
    optional: bool = False


def _field(*names: str) -> Callable[[Row], Iterable[Any]]:
    return lambda row: [row.get(name) for name in names]


def _links(association: str, name: str) -> Callable[[Row], Iterable[Any]]:
    def ids(row: Row) -> list[Any]:
        links = row.get("associations")
        found = links.get(association) if isinstance(links, dict) else None
        return [one.get(name) for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    return ids


_LANGUAGE = Reference(resource="languages", ids=_field("id_lang"), whole=True)
_CURRENCY = Reference(resource="currencies", ids=_field("id_currency"), display="[id,iso_code]", whole=True)
_ALL_CURRENCIES = Reference(resource="currencies", ids=lambda _: (), display="[id,iso_code]", whole=True)
_ADDRESS = (
    "[id,id_country,id_state,company,firstname,lastname,vat_number,address1,address2,postcode,city,phone,phone_mobile]"
)
_PRODUCT = "[id,reference,name]"
_CUSTOMER = Reference(resource="customers", ids=_field("id_customer"), display=CUSTOMER)

REFERENCES: Mapping[str, Sequence[Reference]] = MappingProxyType(
    {
        "customers": (
            _LANGUAGE,
            Reference(resource="groups", ids=_field("id_default_group"), display="[id,name]", whole=True),
        ),
        "products": (
            _ALL_CURRENCIES,
            Reference(resource="stock_availables", ids=_field("id"), field="id_product"),
            Reference(resource="categories", ids=_links("categories", "id"), display="[id,name]"),
        ),
        "carts": (
            _CUSTOMER,
            _CURRENCY,
            _LANGUAGE,
            Reference(resource="products", ids=_links("cart_rows", "id_product"), display=_PRODUCT),
        ),
        "orders": (
            _CUSTOMER,
            _CURRENCY,
            _LANGUAGE,
            Reference(resource="order_states", ids=_field("current_state"), whole=True),
            Reference(resource="addresses", ids=_field("id_address_delivery", "id_address_invoice"), display=_ADDRESS),
            Reference(resource="order_carriers", ids=_field("id"), field="id_order"),
            Reference(resource="order_cart_rules", ids=_field("id"), field="id_order", optional=True),
            Reference(
                resource="cart_rules",
                ids=_field("id_cart_rule"),
                display="[id,code]",
                of="order_cart_rules",
                optional=True,
            ),
            Reference(resource="carriers", ids=_field("id_carrier"), display="[id,name,url]"),
            Reference(resource="countries", ids=_field("id_country"), display="[id,iso_code]", of="addresses"),
            Reference(resource="states", ids=_field("id_state"), display="[id,name]", of="addresses"),
        ),
        "order_slip": (_CUSTOMER, _ALL_CURRENCIES),
    }
)
"""What is asked for beside each list, in this order."""


def related(resource: str, rows: Sequence[Row]) -> Exchange[dict[str, list[Row]]]:
    """Asks for all that these rows refer to."""
    found: dict[str, list[Row]] = {}
    if not rows:
        return found
    for one in REFERENCES[resource]:
        wanted = _wanted(one, found.get(one.of, []) if one.of else rows)
        if wanted or one.whole:
            answer = yield _request(one, wanted)
            found[one.resource] = [] if one.optional and failed_status(answer) else rows_of(answer)
    return found


def of_row(resource: str, row: Row, found: Mapping[str, Sequence[Row]]) -> dict[str, Sequence[Row]]:
    """Those of the rows that this record refers to."""
    own: dict[str, Sequence[Row]] = {"configurations": found.get("configurations", [])}
    for one in REFERENCES[resource]:
        rows = found.get(one.resource, [])
        wanted = set(_wanted(one, own.get(one.of, []) if one.of else [row]))
        all_of_it = one.whole and one is _ALL_CURRENCIES
        own[one.resource] = [each for each in rows if all_of_it or _ident(each.get(one.field)) in wanted]
    return {name: rows for name, rows in own.items() if rows}


def _wanted(one: Reference, rows: Iterable[Row]) -> list[str]:
    ids = (_ident(given) for row in rows for given in one.ids(row))
    return list(dict.fromkeys(given for given in ids if given))


def _ident(given: Any) -> str:
    found = fields.ident(given) if isinstance(given, int | str) else ""
    return "" if found == "0" or not found.isascii() or not found.isdigit() else found


def _request(one: Reference, wanted: Sequence[str]) -> ApiRequest:
    path, query = f"/api/{one.resource}", {"output_format": "JSON", "display": one.display}
    if one.whole:
        return ApiRequest(path=path, query=query, keeps=_KEPT)
    query[f"filter[{one.field}]"] = f"[{'|'.join(wanted)}]"
    return ApiRequest(path=path, query=query, optional=one.optional)


def rows_of(answer: ApiResponse) -> list[Row]:
    """The rows of an answer: the one list of its object, or an empty list where there are none.

    Raises `InvalidPayload` if it is something else.
    """
    given: Any = parse(answer.body)
    lists = [one for one in given.values() if isinstance(one, list)] if isinstance(given, dict) else [given]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise InvalidPayload("body", "is not a list of the web service: is output_format=JSON understood?")
    return [row for row in lists[0] if isinstance(row, dict)]
