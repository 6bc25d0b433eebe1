"""The fields of Adobe Commerce's events that are read. What is not named here is skipped, unseen and unstored.

Times are UTC and say no zone. Amounts are numbers or text; those that begin with `base_` are in the shop's currency.
"""

from typing import Any

from msgspec import Struct, field

from relevo_ingest.core.fields import Amount, Id, Level, Pieces, Text

Flag = bool | int | str | None


class MetadataShape(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where in the shop it happened."""

    store_id: Id = None


class DataShape(Struct, frozen=True, kw_only=True):
    """The `data` of an event: `value` has what was subscribed to."""

    value: Any = None  # each topic has a shape of its own
    metadata: MetadataShape | None = field(default=None, name="_metadata")


class EnvelopeShape(Struct, frozen=True, kw_only=True):
    """A CloudEvent as Adobe I/O Events delivers it. All of it is signed."""

    type: Text = None
    id: Id = None
    event_id: Id = None
    eventid: Id = None
    time: Text = None
    recipient_client_id: Text = None
    recipientclientid: Text = None
    data: DataShape | None = None


class Saved(Struct, frozen=True, kw_only=True):
    """What every object says that was saved."""

    id: Id = None
    entity_id: Id = None
    is_new: Flag = field(default=None, name="_isNew")
    created_at: Text = None
    updated_at: Text = None


class AddressShape(Struct, frozen=True, kw_only=True):
    """A billing or shipping address."""

    address_type: Text = None
    firstname: Text = None
    lastname: Text = None
    company: Text = None
    street: Any = None  # a list of lines, or one text
    city: Text = None
    postcode: Text = None
    region: Any = None  # of an order's address text, of a customer's an object
    region_code: Text = None
    country_id: Text = None
    telephone: Text = None
    email: Text = None


class CustomerExtensionShape(Struct, frozen=True, kw_only=True):
    """What modules add to a customer."""

    is_subscribed: Flag = None


class CustomerShape(Saved, frozen=True, kw_only=True):
    """A customer's account."""

    group_id: Id = None
    dob: Text = None
    email: Text = None
    firstname: Text = None
    lastname: Text = None
    taxvat: Text = None
    addresses: list[AddressShape] | None = None
    extension_attributes: CustomerExtensionShape | None = None


class OfCustomerShape(Struct, frozen=True, kw_only=True):
    """An event with the customer inside."""

    customer: CustomerShape | None = None


class SubscriberShape(Struct, frozen=True, kw_only=True):
    """A subscription to the newsletter: `subscriber_status` 1 subscribed, 2 inactive, 3 left, 4 unconfirmed."""

    subscriber_id: Id = None
    customer_id: Id = None
    subscriber_email: Text = None
    subscriber_status: Id = None
    change_status_at: Text = None


class CompanyShape(Saved, frozen=True, kw_only=True):
    """A company of the B2B module."""

    company_name: Text = None
    vat_tax_id: Text = None
    country_id: Text = None


class LineShape(Struct, frozen=True, kw_only=True):
    """A line of an order, a cart, an invoice, a shipment or a credit memo."""

    item_id: Id = None
    entity_id: Id = None
    order_id: Id = None
    quote_id: Id = None
    order_item_id: Id = None
    parent_item_id: Id = None
    product_id: Id = None
    sku: Text = None
    name: Text = None
    qty: Pieces | None = None
    qty_ordered: Pieces | None = None
    qty_shipped: Pieces | None = None
    qty_refunded: Pieces | None = None
    price: Amount = None
    price_incl_tax: Amount = None
    base_price: Amount = None
    original_price: Amount = None
    discount_amount: Amount = None
    base_discount_amount: Amount = None
    tax_amount: Amount = None
    base_tax_amount: Amount = None
    row_total: Amount = None
    base_row_total: Amount = None
    is_virtual: Flag = None


class PaymentShape(Struct, frozen=True, kw_only=True):
    """How an order is paid. Of cards and accounts nothing is read."""

    parent_id: Id = None
    method: Text = None
    po_number: Text = None


class SaleShape(Saved, frozen=True, kw_only=True):
    """What an order, an invoice and a credit memo have in common."""

    increment_id: Text = None
    order_id: Id = None
    store_id: Id = None
    state: Id = None
    base_currency_code: Text = None
    order_currency_code: Text = None
    grand_total: Amount = None
    base_grand_total: Amount = None
    subtotal: Amount = None
    base_subtotal: Amount = None
    discount_amount: Amount = None
    base_discount_amount: Amount = None
    shipping_amount: Amount = None
    base_shipping_amount: Amount = None
    tax_amount: Amount = None
    base_tax_amount: Amount = None
    items: list[LineShape] | None = None


class OrderShape(SaleShape, frozen=True, kw_only=True):
    """An order."""

    status: Text = None
    customer_id: Id = None
    customer_is_guest: Flag = None
    customer_email: Text = None
    customer_firstname: Text = None
    customer_lastname: Text = None
    customer_note: Text = None
    coupon_code: Text = None
    shipping_description: Text = None
    is_virtual: Flag = None
    total_paid: Amount = None
    base_total_paid: Amount = None
    total_refunded: Amount = None
    base_total_refunded: Amount = None
    weight: Amount = None
    payment: PaymentShape | None = None
    addresses: list[AddressShape] | None = None
    billing_address: AddressShape | None = None


class OfOrderShape(Struct, frozen=True, kw_only=True):
    """An event with the order inside."""

    order: OrderShape | None = None


class TrackShape(Saved, frozen=True, kw_only=True):
    """A parcel's number at its carrier. `parent_id` is the shipment."""

    parent_id: Id = None
    order_id: Id = None
    carrier_code: Text = None
    title: Text = None
    number: Text = None
    track_number: Text = None


class ShipmentShape(Saved, frozen=True, kw_only=True):
    """A shipment of an order."""

    increment_id: Text = None
    order_id: Id = None
    customer_id: Id = None
    total_weight: Amount = None
    items: list[LineShape] | None = None
    tracks: list[TrackShape] | None = None


class ReturnShape(Saved, frozen=True, kw_only=True):
    """A return (RMA)."""

    increment_id: Text = None
    order_id: Id = None
    order_increment_id: Text = None
    customer_id: Id = None
    customer_custom_email: Text = None
    status: Text = None


class CartCurrencyShape(Struct, frozen=True, kw_only=True):
    """The currency of a cart."""

    quote_currency_code: Text = None


class CartShape(Saved, frozen=True, kw_only=True):
    """A cart (quote)."""

    is_active: Flag = None
    customer_id: Id = None
    customer_is_guest: Flag = None
    customer_email: Text = None
    grand_total: Amount = None
    quote_currency_code: Text = None
    currency: CartCurrencyShape | None = None
    items: list[LineShape] | None = None


class OfCartShape(Struct, frozen=True, kw_only=True):
    """An event with the cart inside."""

    quote: CartShape | None = None


class ProductStockShape(Struct, frozen=True, kw_only=True):
    """The stock of a product as the product tells it."""

    qty: Level | None = None
    is_in_stock: Flag = None


class ProductShape(Saved, frozen=True, kw_only=True):
    """A product. `status` 1 is enabled, 2 disabled."""

    sku: Text = None
    name: Text = None
    description: Text = None
    status: Id = None
    price: Amount = None
    special_price: Amount = None
    quantity_and_stock_status: ProductStockShape | None = None
    stock_data: ProductStockShape | None = None


class StockShape(Struct, frozen=True, kw_only=True):
    """The stock of a product."""

    item_id: Id = None
    product_id: Id = None
    qty: Level | None = None
    is_in_stock: Flag = None
    backorders: Flag = None
    notify_stock_qty: Level | None = None
