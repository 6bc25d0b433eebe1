"""The fields of BigCommerce's notifications and of its API's answers that are read; nothing else is seen or stored.

Orders (API v2) have amounts as text with and without tax, and times as in e-mails; everything else (API v3) has numbers
and ISO 8601, below `data`.
"""

from typing import Any

from msgspec import Struct

from relevo_ingest.core.fields import Amount, Id, Level, Number, Pieces, Text, Time


class AddressRefShape(Struct, frozen=True, kw_only=True):
    """Whose address changed."""

    customer_id: Id = None


class RefundRefShape(Struct, frozen=True, kw_only=True):
    """Which refund was made."""

    refund_id: Id = None


class InventoryRefShape(Struct, frozen=True, kw_only=True):
    """Of which product the stock changed."""

    product_id: Id = None


class NamedShape(Struct, frozen=True, kw_only=True):
    """What a notification names."""

    type: Text = None
    id: Id = None
    order_id: Id = None
    orderId: Id = None  # noqa: N815 - as it is written there
    cartId: Id = None  # noqa: N815
    address: AddressRefShape | None = None
    refund: RefundRefShape | None = None
    inventory: InventoryRefShape | None = None
    sku: InventoryRefShape | None = None


class NotificationShape(Struct, frozen=True, kw_only=True):
    """A notification. `fetched` are the answers of the API, once they are there."""

    scope: Text = None
    producer: Text = None
    created_at: Number | float | None = None
    data: NamedShape | None = None
    fetched: dict[str, Any] | None = None
    fetched_at: Time = None


class AddressShape(Struct, frozen=True, kw_only=True):
    """An address of an order."""

    first_name: Text = None
    last_name: Text = None
    company: Text = None
    street_1: Text = None
    street_2: Text = None
    city: Text = None
    state: Text = None
    zip: Text = None
    country_iso2: Text = None
    phone: Text = None
    email: Text = None
    shipping_method: Text = None


class OptionShape(Struct, frozen=True, kw_only=True):
    """A choice that the buyer made for a line."""

    display_name: Text = None
    display_value: Text = None


class LineShape(Struct, frozen=True, kw_only=True):
    """A line of an order."""

    id: Id = None
    product_id: Id = None
    variant_id: Id = None
    name: Text = None
    sku: Text = None
    type: Text = None
    quantity: Pieces | None = None
    quantity_shipped: Pieces | None = None
    quantity_refunded: Pieces | None = None
    price_ex_tax: Amount = None
    price_inc_tax: Amount = None
    total_ex_tax: Amount = None
    total_inc_tax: Amount = None
    total_tax: Amount = None
    brand: Text = None
    product_options: list[OptionShape] | None = None


class CouponShape(Struct, frozen=True, kw_only=True):
    """A coupon that was used."""

    code: Text = None


class OrderShape(Struct, frozen=True, kw_only=True):
    """An order."""

    id: Id = None
    customer_id: Id = None
    date_created: Text = None
    date_modified: Text = None
    date_shipped: Text = None
    cart_id: Text = None
    status_id: Id = None
    status: Text = None
    custom_status: Text = None
    subtotal_ex_tax: Amount = None
    subtotal_inc_tax: Amount = None
    shipping_cost_ex_tax: Amount = None
    shipping_cost_inc_tax: Amount = None
    total_inc_tax: Amount = None
    total_tax: Amount = None
    is_tax_inclusive_pricing: bool | None = None
    payment_method: Text = None
    payment_status: Text = None
    refunded_amount: Amount = None
    default_currency_code: Text = None
    customer_message: Text = None
    discount_amount: Amount = None
    coupon_discount: Amount = None
    billing_address: AddressShape | None = None
    customer_locale: Text = None
    channel_id: Id = None


class ShippedItemShape(Struct, frozen=True, kw_only=True):
    """What is in a parcel."""

    order_product_id: Id = None
    quantity: Pieces | None = None


class ShipmentShape(Struct, frozen=True, kw_only=True):
    """A parcel."""

    id: Id = None
    order_id: Id = None
    date_created: Text = None
    tracking_number: Text = None
    tracking_link: Text = None
    generated_tracking_link: Text = None
    shipping_provider: Text = None
    shipping_provider_display_name: Text = None
    comments: Text = None
    shipping_address: AddressShape | None = None
    items: list[ShippedItemShape] | None = None


class RefundShape(Struct, frozen=True, kw_only=True):
    """A refund."""

    id: Id = None
    order_id: Id = None
    reason: Text = None
    total_amount: Amount = None
    created: Time = None


class CurrencyShape(Struct, frozen=True, kw_only=True):
    """The currency of a cart."""

    code: Text = None


class CartItemShape(Struct, frozen=True, kw_only=True):
    """A line of a cart."""

    id: Id = None
    product_id: Id = None
    variant_id: Id = None
    sku: Text = None
    name: Text = None
    url: Text = None
    image_url: Text = None
    quantity: Pieces | None = None
    list_price: Amount = None
    sale_price: Amount = None
    extended_sale_price: Amount = None


class CartLinesShape(Struct, frozen=True, kw_only=True):
    """The lines of a cart, by what they are."""

    physical_items: list[CartItemShape] | None = None
    digital_items: list[CartItemShape] | None = None
    custom_items: list[CartItemShape] | None = None


class CartLinksShape(Struct, frozen=True, kw_only=True):
    """Where a cart can be opened."""

    cart_url: Text = None


class CartShape(Struct, frozen=True, kw_only=True):
    """A cart."""

    id: Id = None
    customer_id: Id = None
    email: Text = None
    currency: CurrencyShape | None = None
    cart_amount: Amount = None
    channel_id: Id = None
    updated_time: Time = None
    line_items: CartLinesShape | None = None
    redirect_urls: CartLinksShape | None = None


class CustomerAddressShape(Struct, frozen=True, kw_only=True):
    """An address of a customer."""

    phone: Text = None
    country_code: Text = None


class CustomerShape(Struct, frozen=True, kw_only=True):
    """A customer's account."""

    id: Id = None
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    company: Text = None
    phone: Text = None
    customer_group_id: Id = None
    date_created: Time = None
    date_modified: Time = None
    addresses: list[CustomerAddressShape] | None = None


class SubscriberShape(Struct, frozen=True, kw_only=True):
    """A subscription to the newsletter."""

    id: Id = None
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    source: Text = None
    date_created: Time = None
    date_modified: Time = None


class ImageShape(Struct, frozen=True, kw_only=True):
    """A picture."""

    url_standard: Text = None


class VariantShape(Struct, frozen=True, kw_only=True):
    """A variant of a product; its own price is missing where it is the product's."""

    id: Id = None
    sku: Text = None
    price: Amount = None
    calculated_price: Amount = None
    inventory_level: Level | None = None


class UrlShape(Struct, frozen=True, kw_only=True):
    """Where a product is in the shop: a path."""

    url: Text = None


class ProductShape(Struct, frozen=True, kw_only=True):
    """A product. `inventory_tracking` is `none`, `product` or `variant`."""

    id: Id = None
    name: Text = None
    sku: Text = None
    description: Text = None
    price: Amount = None
    sale_price: Amount = None
    calculated_price: Amount = None
    inventory_level: Level | None = None
    inventory_warning_level: Level | None = None
    inventory_tracking: Text = None
    availability: Text = None
    is_visible: bool | None = None
    date_created: Time = None
    date_modified: Time = None
    custom_url: UrlShape | None = None
    primary_image: ImageShape | None = None
    variants: list[VariantShape] | None = None
