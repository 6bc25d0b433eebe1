"""The parts of Shopify's payloads that are read. What is not named here is skipped, unseen and unstored.

Source: shopify.dev, "Webhooks" (Admin API 2024-10 to 2026-04). Every field may be missing or null: Shopify
leaves fields out by API version and by the permissions of the subscription.
"""

from msgspec import Struct

from relevo_ingest.core.fields import Amount, Id, Number, Quantity, Text, Time


class AddressShape(Struct, frozen=True, kw_only=True):
    """A postal address."""

    first_name: Text = None
    last_name: Text = None
    name: Text = None
    company: Text = None
    address1: Text = None
    address2: Text = None
    city: Text = None
    zip: Text = None
    province: Text = None
    province_code: Text = None
    country: Text = None
    country_code: Text = None
    phone: Text = None


class ConsentShape(Struct, frozen=True, kw_only=True):
    """The state of one channel's marketing consent."""

    state: Text = None
    opt_in_level: Text = None
    consent_updated_at: Time = None


class MetafieldShape(Struct, frozen=True, kw_only=True):
    """A field that the shop added; webhooks have those of the namespaces that the subscription names."""

    namespace: Text = None
    key: Text = None
    value: str | Number | float | bool | None = None


class CustomerShape(Struct, frozen=True, kw_only=True):
    """A customer; since 2025-01 without consents, tags and totals."""

    id: Id = None
    email: Text = None
    phone: Text = None
    first_name: Text = None
    last_name: Text = None
    state: Text = None
    currency: Text = None
    locale: Text = None
    created_at: Time = None
    updated_at: Time = None
    tags: str | list[str] | None = None
    orders_count: Quantity | None = None
    total_spent: Amount = None
    default_address: AddressShape | None = None
    accepts_marketing: bool | None = None
    accepts_marketing_updated_at: Time = None
    email_marketing_consent: ConsentShape | None = None
    sms_marketing_consent: ConsentShape | None = None
    metafields: list[MetafieldShape] = []


class ImageShape(Struct, frozen=True, kw_only=True):
    """A picture of a cart's line."""

    url: Text = None


class MoneyShape(Struct, frozen=True, kw_only=True):
    """An amount with its currency."""

    amount: Amount = None
    currency_code: Text = None
    currency: Text = None


class MoneySetShape(Struct, frozen=True, kw_only=True):
    """An amount in the shop's currency and in the buyer's ("presentment")."""

    shop_money: MoneyShape | None = None
    presentment_money: MoneyShape | None = None


class PropertyShape(Struct, frozen=True, kw_only=True):
    """A property of a line or a note attribute of an order: what a buyer or an app wrote beside it."""

    name: Text = None
    value: str | int | float | bool | None = None


class TaxShape(Struct, frozen=True, kw_only=True):
    """A tax of a line."""

    price: Amount = None
    price_set: MoneySetShape | None = None


class AllocationShape(Struct, frozen=True, kw_only=True):
    """A part of a discount that falls on a line."""

    amount: Amount = None
    amount_set: MoneySetShape | None = None


class LineShape(Struct, frozen=True, kw_only=True):
    """One line of a cart, checkout, order or fulfilment."""

    id: Id = None
    product_id: Id = None
    variant_id: Id = None
    sku: Text = None
    title: Text = None
    product_title: Text = None
    name: Text = None
    variant_title: Text = None
    vendor: Text = None
    quantity: Quantity | None = None
    current_quantity: Quantity | None = None
    price: Amount = None
    price_set: MoneySetShape | None = None
    line_price: Amount = None
    line_price_set: MoneySetShape | None = None
    grams: Number | float | None = None
    requires_shipping: bool | None = None
    gift_card: bool | None = None
    properties: list[PropertyShape] | None = None
    discount_allocations: list[AllocationShape] | None = None
    tax_lines: list[TaxShape] | None = None
    url: Text = None
    image_url: Text = None
    featured_image: ImageShape | None = None


class CodeShape(Struct, frozen=True, kw_only=True):
    """A discount code as it was typed in."""

    code: Text = None


class ShippingLineShape(Struct, frozen=True, kw_only=True):
    """How an order is sent: `delivery_category` is `pickup`, `local_delivery`, or null for a parcel."""

    title: Text = None
    code: Text = None
    delivery_category: Text = None


class CompanyShape(Struct, frozen=True, kw_only=True):
    """The company that an order is placed for."""

    id: Id = None


class TransactionShape(Struct, frozen=True, kw_only=True):
    """A payment: of a refund, or of an order. Card details and receipts are never read."""

    id: Id = None
    order_id: Id = None
    kind: Text = None
    status: Text = None
    gateway: Text = None
    amount: Amount = None
    currency: Text = None
    message: Text = None
    error_code: Text = None
    test: bool | None = None
    created_at: Time = None
    processed_at: Time = None


class RefundLineShape(Struct, frozen=True, kw_only=True):
    """One refunded line."""

    quantity: Quantity | None = None
    restock_type: Text = None
    subtotal: Amount = None
    total_tax: Amount = None
    subtotal_set: MoneySetShape | None = None
    total_tax_set: MoneySetShape | None = None
    line_item: LineShape | None = None


class AdjustmentShape(Struct, frozen=True, kw_only=True):
    """What a refund pays back beside its lines: `kind` is `shipping_refund` or `refund_discrepancy`."""

    kind: Text = None
    amount: Amount = None
    amount_set: MoneySetShape | None = None


class RefundShape(Struct, frozen=True, kw_only=True):
    """A refund, by itself and inside of its order."""

    id: Id = None
    order_id: Id = None
    note: Text = None
    created_at: Time = None
    processed_at: Time = None
    refund_line_items: list[RefundLineShape] | None = None
    order_adjustments: list[AdjustmentShape] | None = None
    transactions: list[TransactionShape] | None = None
