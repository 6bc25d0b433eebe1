"""The parts of WooCommerce's resources that are read. What is not named here is skipped, unseen and unstored.

Source: woocommerce-rest-api-docs, REST API v3 (a webhook's body is the resource as that API gives it); the
subscriptions extension: subscriptions-rest-api-docs. Times are read from the `…_gmt` fields, which are UTC and say no
zone; the fields without `_gmt` are the shop's local time.
"""

from typing import Any

from msgspec import Struct

from relevo_ingest.core.fields import Amount, Id, Level, Pieces, Quantity, Text


class AddressShape(Struct, frozen=True, kw_only=True):
    """A billing or shipping address. The billing address has the e-mail address and the number that were typed in."""

    first_name: Text = None
    last_name: Text = None
    company: Text = None
    address_1: Text = None
    address_2: Text = None
    city: Text = None
    state: Text = None
    postcode: Text = None
    country: Text = None
    email: Text = None
    phone: Text = None


class MetaShape(Struct, frozen=True, kw_only=True):
    """A piece of data that a plugin or an option of a product added. Keys that begin with `_` are internal."""

    key: Text = None
    value: Any = None  # plugins put anything here; what is not a single value is not looked at
    display_key: Text = None
    display_value: Any = None


class ImageShape(Struct, frozen=True, kw_only=True):
    """A picture."""

    src: Text = None


class LineShape(Struct, frozen=True, kw_only=True):
    """A line of an order. All amounts are without tax; `price` is a number, for one piece, after discounts."""

    id: Id = None
    name: Text = None
    parent_name: Text = None
    product_id: Id = None
    variation_id: Id = None
    quantity: Pieces | None = None
    subtotal: Amount = None
    subtotal_tax: Amount = None
    total: Amount = None
    total_tax: Amount = None
    sku: Text = None
    image: ImageShape | None = None
    meta_data: list[MetaShape] | None = None


class ShippingLineShape(Struct, frozen=True, kw_only=True):
    """How an order is sent."""

    method_title: Text = None
    method_id: Text = None


class FeeLineShape(Struct, frozen=True, kw_only=True):
    """What an order costs beside its lines and shipping."""

    total: Amount = None
    total_tax: Amount = None


class CouponLineShape(Struct, frozen=True, kw_only=True):
    """A coupon that was used."""

    code: Text = None


class RefundShape(Struct, frozen=True, kw_only=True):
    """A refund as its order names it: `total` has a minus sign."""

    id: Id = None
    reason: Text = None
    total: Amount = None


class OrderShape(Struct, frozen=True, kw_only=True):
    """An order, and a subscription, which has the same fields and more. `customer_id` 0 is a guest."""

    id: Id = None
    number: Text = None
    status: Text = None
    currency: Text = None
    created_via: Text = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    date_paid_gmt: Text = None
    date_completed_gmt: Text = None
    discount_total: Amount = None
    discount_tax: Amount = None
    shipping_total: Amount = None
    shipping_tax: Amount = None
    total: Amount = None
    total_tax: Amount = None
    prices_include_tax: bool | None = None
    customer_id: Id = None
    customer_note: Text = None
    billing: AddressShape | None = None
    shipping: AddressShape | None = None
    payment_method: Text = None
    payment_method_title: Text = None
    needs_payment: bool | None = None
    payment_url: Text = None
    line_items: list[LineShape] | None = None
    shipping_lines: list[ShippingLineShape] | None = None
    fee_lines: list[FeeLineShape] | None = None
    coupon_lines: list[CouponLineShape] | None = None
    refunds: list[RefundShape] | None = None


class SubscriptionShape(OrderShape, frozen=True, kw_only=True):
    """A subscription of the subscriptions extension."""

    parent_id: Id = None
    billing_period: Text = None
    billing_interval: Id = None
    trial_end_date_gmt: Text = None
    next_payment_date_gmt: Text = None
    last_payment_date_gmt: Text = None
    end_date_gmt: Text = None


class CustomerShape(Struct, frozen=True, kw_only=True):
    """A customer's account. `billing` is their own address book's."""

    id: Id = None
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    role: Text = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    billing: AddressShape | None = None
    meta_data: list[MetaShape] | None = None


class NamedShape(Struct, frozen=True, kw_only=True):
    """A category, a tag or a brand of a product."""

    name: Text = None


class OptionShape(Struct, frozen=True, kw_only=True):
    """What a variation is: `name` "Colour", `option` "Black". A product has `options` in place of it."""

    name: Text = None
    option: Text = None


class ProductShape(Struct, frozen=True, kw_only=True):
    """A product, or one variation of it (`type` `variation`, with `parent_id`)."""

    id: Id = None
    parent_id: Id = None
    name: Text = None
    type: Text = None
    status: Text = None
    permalink: Text = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    description: Text = None
    short_description: Text = None
    sku: Text = None
    price: Amount = None
    regular_price: Amount = None
    stock_quantity: Level | None = None
    stock_status: Text = None
    backorders_allowed: bool | None = None
    low_stock_amount: Level | None = None
    categories: list[NamedShape] | None = None
    tags: list[NamedShape] | None = None
    brands: list[NamedShape] | None = None
    images: list[ImageShape] | None = None
    image: ImageShape | None = None
    attributes: list[OptionShape] | None = None


class CouponShape(Struct, frozen=True, kw_only=True):
    """A coupon: `amount` is a percentage or an amount of money, by `discount_type`."""

    id: Id = None
    code: Text = None
    amount: Amount = None
    discount_type: Text = None
    description: Text = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    date_expires_gmt: Text = None
    usage_count: Quantity | None = None
    usage_limit: Quantity | None = None
    free_shipping: bool | None = None
    minimum_amount: Amount = None
    product_ids: list[Id] | None = None
    product_categories: list[Id] | None = None
    email_restrictions: list[str] | None = None


class DeletedShape(Struct, frozen=True, kw_only=True):
    """The body of every `….deleted` topic."""

    id: Id = None
