"""The parts of PrestaShop's web service that are read. What is not named here is skipped, unseen and unstored.

Source: devdocs.prestashop-project.org, web service reference (1.7 to 9); PrestaShop, `$webserviceParameters` of its
classes. Values are numbers or texts, by the version; times are the shop's local time, and `0000-00-00` is none. Texts
in the shop's languages are a list of one for each, or a text alone where there is one language.
"""

from typing import Any

from msgspec import Struct

from relevo_ingest.core.fields import Amount, Id, Level, Pieces, Text

Flag = bool | int | str | None
Translated = Any
"""A text, or a list of `{"id": LANGUAGE, "value": TEXT}`."""


class RowShape(Struct, frozen=True, kw_only=True):
    """A line of an order. Of unit prices the one with tax is what the buyer saw."""

    id: Id = None
    product_id: Id = None
    product_attribute_id: Id = None
    product_quantity: Pieces | None = None
    product_name: Text = None
    product_reference: Text = None
    product_price: Amount = None
    unit_price_tax_incl: Amount = None
    unit_price_tax_excl: Amount = None


class OrderRows(Struct, frozen=True, kw_only=True):
    """What stands in an order."""

    order_rows: list[RowShape] | None = None


class OrderShape(Struct, frozen=True, kw_only=True):
    """An order. Its state, addresses, customer, currency and language are ids of other records."""

    id: Id = None
    id_address_delivery: Id = None
    id_address_invoice: Id = None
    id_cart: Id = None
    id_currency: Id = None
    id_lang: Id = None
    id_customer: Id = None
    id_carrier: Id = None
    id_shop: Id = None
    current_state: Id = None
    module: Text = None
    payment: Text = None
    invoice_number: Id = None
    invoice_date: Text = None
    delivery_date: Text = None
    shipping_number: Text = None
    valid: Flag = None
    date_add: Text = None
    date_upd: Text = None
    gift_message: Text = None
    note: Text = None
    total_discounts_tax_incl: Amount = None
    total_paid_tax_incl: Amount = None
    total_paid_tax_excl: Amount = None
    total_paid_real: Amount = None
    total_products_wt: Amount = None
    total_shipping_tax_incl: Amount = None
    total_wrapping_tax_incl: Amount = None
    reference: Text = None
    associations: OrderRows | None = None


class StateShape(Struct, frozen=True, kw_only=True):
    """A state that orders of this shop may have; the shop names and numbers them as it likes."""

    id: Id = None
    name: Translated = None
    template: Translated = None
    paid: Flag = None
    shipped: Flag = None
    delivery: Flag = None


class CustomerShape(Struct, frozen=True, kw_only=True):
    """A customer's account; a guest's has `is_guest`."""

    id: Id = None
    id_lang: Id = None
    id_default_group: Id = None
    email: Text = None
    firstname: Text = None
    lastname: Text = None
    company: Text = None
    siret: Text = None
    birthday: Text = None
    newsletter: Flag = None
    newsletter_date_add: Text = None
    optin: Flag = None
    is_guest: Flag = None
    deleted: Flag = None
    date_add: Text = None
    date_upd: Text = None


class AddressShape(Struct, frozen=True, kw_only=True):
    """A postal address."""

    id: Id = None
    id_country: Id = None
    id_state: Id = None
    company: Text = None
    firstname: Text = None
    lastname: Text = None
    vat_number: Text = None
    address1: Text = None
    address2: Text = None
    postcode: Text = None
    city: Text = None
    phone: Text = None
    phone_mobile: Text = None


class NamedShape(Struct, frozen=True, kw_only=True):
    """A country, currency, language, state of a country, group, category, carrier or setting: what it is called."""

    id: Id = None
    name: Translated = None
    iso_code: Text = None
    locale: Text = None
    language_code: Text = None
    value: Text = None
    url: Text = None


class CarriedShape(Struct, frozen=True, kw_only=True):
    """How an order is sent, with the number of its parcel once there is one."""

    id: Id = None
    id_order: Id = None
    id_carrier: Id = None
    weight: Amount = None
    shipping_cost_tax_incl: Amount = None
    tracking_number: Text = None
    date_add: Text = None


class OrderCartRuleShape(Struct, frozen=True, kw_only=True):
    """That a cart rule took something off an order; `deleted` where the staff took it off the order again."""

    id: Id = None
    id_order: Id = None
    id_cart_rule: Id = None
    deleted: Flag = None


class CartRuleShape(Struct, frozen=True, kw_only=True):
    """A cart rule; one without a code is for everybody."""

    id: Id = None
    code: Text = None


class SlipLineShape(Struct, frozen=True, kw_only=True):
    """A line of a credit slip."""

    id_order_detail: Id = None
    product_quantity: Pieces | None = None
    amount_tax_incl: Amount = None


class SlipLines(Struct, frozen=True, kw_only=True):
    """What stands in a credit slip."""

    order_slip_details: list[SlipLineShape] | None = None


class SlipShape(Struct, frozen=True, kw_only=True):
    """A credit slip: what is given back of an order."""

    id: Id = None
    id_customer: Id = None
    id_order: Id = None
    total_products_tax_incl: Amount = None
    total_shipping_tax_incl: Amount = None
    amount: Amount = None
    shipping_cost_amount: Amount = None
    date_add: Text = None
    date_upd: Text = None
    associations: SlipLines | None = None


class ReturnShape(Struct, frozen=True, kw_only=True):
    """A return of merchandise; only the module tells of them."""

    id: Id = None
    id_customer: Id = None
    id_order: Id = None
    state: Id = None
    question: Text = None
    date_add: Text = None
    date_upd: Text = None


class NewsletterShape(Struct, frozen=True, kw_only=True):
    """An address that was entered for the newsletter, by a visitor without an account; only the module tells of it."""

    email: Text = None
    active: Flag = None
    newsletter_date_add: Text = None


class CartRowShape(Struct, frozen=True, kw_only=True):
    """A line of a cart; only the module tells `name` and prices with tax."""

    id_product: Id = None
    id_product_attribute: Id = None
    quantity: Pieces | None = None
    name: Text = None
    reference: Text = None
    price_wt: Amount = None
    total_wt: Amount = None


class CartRows(Struct, frozen=True, kw_only=True):
    """What stands in a cart."""

    cart_rows: list[CartRowShape] | None = None


class CartShape(Struct, frozen=True, kw_only=True):
    """A cart; only the module tells `order_total`."""

    id: Id = None
    id_currency: Id = None
    id_customer: Id = None
    id_lang: Id = None
    id_shop: Id = None
    order_total: Amount = None
    date_add: Text = None
    date_upd: Text = None
    associations: CartRows | None = None


class ProductLinks(Struct, frozen=True, kw_only=True):
    """What a product refers to."""

    categories: list[NamedShape] | None = None


class ProductShape(Struct, frozen=True, kw_only=True):
    """A product. `price` is without tax."""

    id: Id = None
    reference: Text = None
    name: Translated = None
    description_short: Translated = None
    manufacturer_name: Text = None
    price: Amount = None
    active: Flag = None
    visibility: Text = None
    date_add: Text = None
    date_upd: Text = None
    associations: ProductLinks | None = None


class StockShape(Struct, frozen=True, kw_only=True):
    """How much there is of a product (`id_product_attribute` 0: of all its combinations) in one shop."""

    id: Id = None
    id_product: Id = None
    id_product_attribute: Id = None
    quantity: Level | str | None = None
    out_of_stock: Id = None
    depends_on_stock: Flag = None
