"""The attributes of OroCommerce's resources that are read. What is not named here is skipped, unseen and unstored.

Source: the responses in the functional tests of oroinc/orocommerce (Tests/Functional/Api/RestJsonApi). Amounts are text
with four decimals, or numbers in the notice of a payment; times are UTC with a zone.
"""

from msgspec import Struct

from relevo_ingest.core.fields import Amount, Pieces, Text, Time


class StampShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """When a resource was made, and changed last."""

    created_at: Time = None
    updated_at: Time = None


class OrderShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order. Its three statuses, its lines and its addresses are relationships."""

    identifier: Text = None
    po_number: Text = None
    customer_notes: Text = None
    ship_until: Text = None
    currency: Text = None
    subtotal_value: Amount = None
    total_value: Amount = None
    total: Amount = None  # as the example of the documentation has it
    shipping_method: Text = None
    estimated_shipping_cost_amount: Amount = None
    overridden_shipping_cost_amount: Amount = None
    total_discounts_amount: Amount = None
    created_at: Time = None
    updated_at: Time = None


class OrderLineShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A line of an order; `value` is for one unit."""

    product_sku: Text = None
    product_name: Text = None
    free_form_product: Text = None
    quantity: Pieces | None = None
    product_unit_code: Text = None
    value: Amount = None
    currency: Text = None
    ship_by: Text = None
    comment: Text = None


class AddressShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """The address of an order. Country and region are relationships."""

    organization: Text = None
    first_name: Text = None
    middle_name: Text = None
    last_name: Text = None
    street: Text = None
    street2: Text = None
    city: Text = None
    postal_code: Text = None
    custom_region: Text = None
    phone: Text = None


class SubtotalShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of an order's total, such as `tax` or `shipping_cost`."""

    order_subtotal_type: Text = None
    amount: Amount = None
    currency: Text = None


class TrackingShape(Struct, frozen=True, kw_only=True):
    """A parcel of an order: its number, and by which method it is sent."""

    method: Text = None
    number: Text = None


class CompanyShape(Struct, frozen=True, kw_only=True):
    """A customer of OroCommerce: a company."""

    name: Text = None


class CustomerUserShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A person who buys for a company."""

    email: Text = None
    first_name: Text = None
    last_name: Text = None
    birthday: Text = None
    enabled: bool | None = None
    is_guest: bool | None = None
    created_at: Time = None
    updated_at: Time = None


class PaymentShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a payment made of an order. `paymentStatus` is `full`, `partially`, `refunded`, …"""

    payment_status: Text = None
    payment_status_label: Text = None
    transaction_amount: Amount = None
    transaction_type: Text = None
    amount_paid: Amount = None
    amount_due: Amount = None
    currency: Text = None


class ProductShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A product. Its names and the status of its stock are relationships."""

    sku: Text = None
    status: Text = None
    product_type: Text = None
    created_at: Time = None
    updated_at: Time = None


class NameShape(Struct, frozen=True, kw_only=True):
    """A name or a description of a product in one language: `string`, or `wysiwyg` for longer ones."""

    string: Text = None
    fallback: Text = None


class InventoryLevelShape(Struct, frozen=True, kw_only=True):
    """How many there are of a product in one unit. `quantity` is text."""

    quantity: Amount = None


class ListShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A shopping list: OroCommerce's cart."""

    name: Text = None
    currency: Text = None
    total: Amount = None
    sub_total: Amount = None
    updated_at: Time = None


class ListItemShape(Struct, frozen=True, kw_only=True):
    """An item of a shopping list; `value` is for one unit."""

    quantity: Pieces | None = None
    value: Amount = None
    currency: Text = None


class QuoteShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A quote, which sales people make."""

    identifier: Text = None
    po_number: Text = None
    ship_until: Text = None
    valid_until: Time = None
    expired: bool | None = None
    currency: Text = None
    created_at: Time = None
    updated_at: Time = None


class RequestShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """A request for a quote, which a customer makes. Who asks has typed in how to be reached."""

    first_name: Text = None
    last_name: Text = None
    email: Text = None
    phone: Text = None
    company: Text = None
    note: Text = None
    po_number: Text = None
    ship_until: Text = None
    created_at: Time = None
    updated_at: Time = None
