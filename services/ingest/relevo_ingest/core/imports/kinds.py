"""What can be imported: customers, consents, orders, products; by which names of columns each field is found."""

from typing import Literal

from msgspec import Struct

from relevo_contracts.payloads import ConsentChanged, CustomerChanged, OrderChanged, Payload, ProductChanged
from relevo_ingest.core.imports.fields import Field, fields_of

KindName = Literal["customers", "consents", "orders", "products"]
TIME = Field("time", ("time",), "time")
"""When it was so: the event's own time, where the payload has no field for it."""
CURRENCY = Field("currency", ("currency",), "text")
"""The currency of a record's amounts."""
BASIS = Field("basis", ("basis",), "text")
"""On what a consent rests, kept with its source."""


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of import. `names` are names of columns (as `column_name` makes them) with the fields that they mean.

    `groups` are the fields that tell which records are one thing, the first that is there counts; `identity` is the one
    that has to be there. `own` are fields beside the payload's, `part` its list, `required` what must not be empty.
    """

    name: KindName
    event: str
    payload: type[Payload]
    names: dict[str, str]
    own: tuple[Field, ...] = ()
    groups: tuple[str, ...] = ()
    part: str = ""
    required: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Field]:
        """The fields that a mapping may name."""
        return fields_of(self.payload) | {field.name: field for field in self.own}

    def field_named(self, column: str) -> Field | None:
        """The field of a column by its name, as `column_name` makes it; a field's own name is one of its columns."""
        name = self.names.get(column)
        if name is None:
            name = next((each for each in self.fields if each.replace(".", "_") == column), None)
        return self.fields[name] if name else None


_PERSON = {
    "email": "customer.email", "e_mail": "customer.email", "email_address": "customer.email",
    "phone": "customer.phone", "phone_number": "customer.phone", "mobile": "customer.phone",
    "first_name": "customer.first_name", "firstname": "customer.first_name", "given_name": "customer.first_name",
    "last_name": "customer.last_name", "lastname": "customer.last_name", "family_name": "customer.last_name",
    "customer_id": "customer.id", "company": "customer.company", "customer_group": "customer.group",
    "language": "customer.locale", "locale": "customer.locale", "timezone": "customer.timezone",
}  # fmt: skip

CUSTOMERS = Kind(
    name="customers",
    event="customer.updated",
    payload=CustomerChanged,
    own=(TIME, CURRENCY),
    names={
        **_PERSON,
        "id": "customer.id", "group": "customer.group", "country": "customer.country",
        "default_address_country_code": "customer.country", "default_address_company": "customer.company",
        "date_of_birth": "birthday", "total_orders": "orders_count", "updated_at": "time", "modified": "time",
        "vat_number": "customer.vat_number", "account_id": "customer.account_id",
    },
)  # fmt: skip

CONSENTS = Kind(
    name="consents",
    event="consent.changed",
    payload=ConsentChanged,
    own=(TIME, BASIS),
    names={
        **_PERSON,
        "status": "state", "consent": "state", "consented_at": "time", "changed_at": "time", "date": "time",
        "legal_basis": "basis", "list": "list_id", "form": "form_url",
    },
    required=("channel", "state", "time"),
)  # fmt: skip

ORDERS = Kind(
    name="orders",
    event="order.placed",
    payload=OrderChanged,
    own=(CURRENCY,),
    names={
        **_PERSON,
        "id": "order_id", "order_number": "number", "name": "number", "order": "number",
        "time": "placed_at", "created_at": "placed_at", "date": "placed_at", "order_date": "placed_at",
        "financial_status": "payment_status", "fulfillment_status": "fulfilment_status", "taxes": "tax",
        "discount_amount": "discount", "discount_code": "discount_codes", "source": "channel",
        "sku": "item.sku", "quantity": "item.quantity", "price": "item.price", "title": "item.title",
        "product_id": "item.product_id", "variant_id": "item.variant_id", "vendor": "item.vendor",
        "lineitem_name": "item.title", "lineitem_sku": "item.sku", "lineitem_quantity": "item.quantity",
        "lineitem_price": "item.price", "lineitem_compare_at_price": "item.list_price", "categories": "item.categories",
        "shipping_country": "shipping_address.country", "shipping_city": "shipping_address.city",
        "shipping_zip": "shipping_address.postcode",
    },
    groups=("number", "order_id"),
    part="items",
    required=("order_id", "placed_at"),
)  # fmt: skip

PRODUCTS = Kind(
    name="products",
    event="product.updated",
    payload=ProductChanged,
    own=(TIME, CURRENCY),
    names={
        "id": "product_id", "name": "title", "body_html": "description", "type": "categories", "category": "categories",
        "image": "image_url", "image_src": "image_url", "compare_at_price": "list_price", "brand": "vendor",
        "variant_sku": "variant.sku", "variant_price": "variant.price", "variant_id": "variant.variant_id",
        "variant_compare_at_price": "variant.list_price", "variant_title": "variant.title",
        "variant_inventory_qty": "variant.available", "stock": "variant.available",
        "variant_image": "variant.image_url", "updated_at": "time", "modified": "time",
    },
    groups=("product_id",),
    part="variants",
    required=("product_id",),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.name: kind for kind in (CUSTOMERS, CONSENTS, ORDERS, PRODUCTS)}
