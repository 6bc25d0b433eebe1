"""The parts of Magento's REST records that are read. What is not named here is skipped, unseen and unstored.

Source: AdobeDocs/commerce-webapi, the schema of V1; magento/magento2, `Api/Data` of Sales, Customer, Catalog, Quote and
Newsletter. Times are UTC and say no zone; amounts are numbers in the currency that the record names.
"""

from typing import Any

from msgspec import Struct

from relevo_ingest.core.fields import Amount, Id, Level, Pieces, Text

Flag = bool | int | str | None


class AddressShape(Struct, frozen=True, kw_only=True):
    """A postal address. That of an order has the e-mail address that was typed in."""

    firstname: Text = None
    lastname: Text = None
    company: Text = None
    street: Any = None
    city: Text = None
    postcode: Text = None
    region: Any = None
    country_id: Text = None
    telephone: Text = None
    email: Text = None
    vat_id: Text = None
    default_billing: Flag = None


class OrderItemShape(Struct, frozen=True, kw_only=True):
    """A line of an order. One of a configurable product has a line of its variant beside it, with `parent_item_id`."""

    item_id: Id = None
    parent_item_id: Id = None
    product_id: Id = None
    product_type: Text = None
    sku: Text = None
    name: Text = None
    qty_ordered: Pieces | None = None
    qty_shipped: Pieces | None = None
    qty_refunded: Pieces | None = None
    price: Amount = None
    price_incl_tax: Amount = None
    row_total_incl_tax: Amount = None
    discount_amount: Amount = None
    tax_amount: Amount = None
    weight: Amount = None
    is_virtual: Flag = None


class ShippingShape(Struct, frozen=True, kw_only=True):
    """Where, and how, something is sent."""

    address: AddressShape | None = None
    method: Text = None


class AssignmentShape(Struct, frozen=True, kw_only=True):
    """What is sent together."""

    shipping: ShippingShape | None = None


class OrderExtension(Struct, frozen=True, kw_only=True):
    """What extends an order."""

    shipping_assignments: list[AssignmentShape] | None = None


class PaymentShape(Struct, frozen=True, kw_only=True):
    """How it is paid; nothing of a card is read."""

    method: Text = None
    last_trans_id: Text = None


class OrderShape(Struct, frozen=True, kw_only=True):
    """An order: `state` is Magento's own, `status` one that the shop may have named itself."""

    entity_id: Id = None
    increment_id: Text = None
    state: Text = None
    status: Text = None
    store_id: Id = None
    quote_id: Id = None
    customer_id: Id = None
    customer_email: Text = None
    customer_firstname: Text = None
    customer_lastname: Text = None
    customer_is_guest: Flag = None
    order_currency_code: Text = None
    base_currency_code: Text = None
    grand_total: Amount = None
    base_grand_total: Amount = None
    subtotal: Amount = None
    subtotal_incl_tax: Amount = None
    discount_amount: Amount = None
    shipping_amount: Amount = None
    shipping_incl_tax: Amount = None
    tax_amount: Amount = None
    total_paid: Amount = None
    total_due: Amount = None
    total_refunded: Amount = None
    coupon_code: Text = None
    customer_note: Text = None
    shipping_description: Text = None
    weight: Amount = None
    created_at: Text = None
    updated_at: Text = None
    items: list[OrderItemShape] | None = None
    billing_address: AddressShape | None = None
    payment: PaymentShape | None = None
    extension_attributes: OrderExtension | None = None


class TrackShape(Struct, frozen=True, kw_only=True):
    """One parcel."""

    track_number: Text = None
    title: Text = None
    carrier_code: Text = None


class PartShape(Struct, frozen=True, kw_only=True):
    """A line of a shipment, an invoice or a credit memo."""

    order_item_id: Id = None
    product_id: Id = None
    sku: Text = None
    name: Text = None
    qty: Pieces | None = None
    price_incl_tax: Amount = None
    row_total_incl_tax: Amount = None


class ShipmentShape(Struct, frozen=True, kw_only=True):
    """A shipment."""

    entity_id: Id = None
    increment_id: Text = None
    order_id: Id = None
    store_id: Id = None
    created_at: Text = None
    updated_at: Text = None
    tracks: list[TrackShape] | None = None
    items: list[PartShape] | None = None


class CreditMemoShape(Struct, frozen=True, kw_only=True):
    """A credit memo. `state`: 1 open, 2 refunded, 3 cancelled."""

    entity_id: Id = None
    increment_id: Text = None
    order_id: Id = None
    store_id: Id = None
    state: Id = None
    order_currency_code: Text = None
    grand_total: Amount = None
    shipping_incl_tax: Amount = None
    adjustment_negative: Amount = None
    created_at: Text = None
    updated_at: Text = None
    items: list[PartShape] | None = None


class InvoiceShape(Struct, frozen=True, kw_only=True):
    """An invoice. `state`: 1 open, 2 paid, 3 cancelled."""

    entity_id: Id = None
    increment_id: Text = None
    order_id: Id = None
    store_id: Id = None
    state: Id = None
    order_currency_code: Text = None
    grand_total: Amount = None
    created_at: Text = None
    updated_at: Text = None
    items: list[PartShape] | None = None


class CustomerExtension(Struct, frozen=True, kw_only=True):
    """What extends a customer."""

    is_subscribed: Flag = None


class CustomerShape(Struct, frozen=True, kw_only=True):
    """A customer's account."""

    id: Id = None
    group_id: Id = None
    store_id: Id = None
    email: Text = None
    firstname: Text = None
    lastname: Text = None
    dob: Text = None
    taxvat: Text = None
    created_at: Text = None
    updated_at: Text = None
    addresses: list[AddressShape] | None = None
    extension_attributes: CustomerExtension | None = None


class SubscriberShape(Struct, frozen=True, kw_only=True):
    """A subscription to the newsletter, as the module tells it. Status: 1 on, 2 not active, 3 off, 4 unconfirmed."""

    subscriber_id: Id = None
    customer_id: Id = None
    store_id: Id = None
    subscriber_email: Text = None
    subscriber_status: Id = None
    change_status_at: Text = None


class CartItemShape(Struct, frozen=True, kw_only=True):
    """A line of a cart."""

    item_id: Id = None
    sku: Text = None
    qty: Pieces | None = None
    name: Text = None
    price: Amount = None


class CurrencyShape(Struct, frozen=True, kw_only=True):
    """The currency of a cart."""

    quote_currency_code: Text = None


class CartCustomer(Struct, frozen=True, kw_only=True):
    """Whose cart it is."""

    id: Id = None
    email: Text = None


class CartShape(Struct, frozen=True, kw_only=True):
    """A cart (a quote). `is_active` is false once it was ordered."""

    id: Id = None
    store_id: Id = None
    is_active: Flag = None
    customer_is_guest: Flag = None
    created_at: Text = None
    updated_at: Text = None
    items: list[CartItemShape] | None = None
    customer: CartCustomer | None = None
    billing_address: AddressShape | None = None
    currency: CurrencyShape | None = None


class AttributeShape(Struct, frozen=True, kw_only=True):
    """An attribute of a product."""

    attribute_code: Text = None
    value: Any = None


class CategoryLink(Struct, frozen=True, kw_only=True):
    """A category that a product is in."""

    category_id: Id = None


class ProductExtension(Struct, frozen=True, kw_only=True):
    """What extends a product."""

    category_links: list[CategoryLink] | None = None


class ProductShape(Struct, frozen=True, kw_only=True):
    """A product; a variant of a configurable one is a product as well. `status`: 1 enabled, 2 disabled."""

    id: Id = None
    sku: Text = None
    name: Text = None
    price: Amount = None
    status: Id = None
    type_id: Text = None
    created_at: Text = None
    updated_at: Text = None
    extension_attributes: ProductExtension | None = None
    custom_attributes: list[AttributeShape] | None = None


class SourceItemShape(Struct, frozen=True, kw_only=True):
    """How much of a product there is at one source (warehouse)."""

    sku: Text = None
    source_code: Text = None
    quantity: Level | str | None = None
    status: Id = None


class StockItemShape(Struct, frozen=True, kw_only=True):
    """How much of a product there is, as the module tells it."""

    item_id: Id = None
    product_id: Id = None
    qty: Level | str | None = None
    is_in_stock: Flag = None
    backorders: Id = None


class StoreShape(Struct, frozen=True, kw_only=True):
    """A store view: its language, its addresses."""

    id: Id = None
    code: Text = None
    locale: Text = None
    base_currency_code: Text = None
    base_url: Text = None
    base_media_url: Text = None


class GroupShape(Struct, frozen=True, kw_only=True):
    """A group of customers."""

    id: Id = None
    code: Text = None


class CategoryShape(Struct, frozen=True, kw_only=True):
    """A category."""

    id: Id = None
    name: Text = None
