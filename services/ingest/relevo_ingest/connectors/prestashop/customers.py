"""`customer`: accounts with birthday, group, language and boxes; `newsletter`; `cart`: what is about to be bought."""

from relevo_contracts.payloads import Buyer, CartUpdated, ConsentChanged, CustomerChanged, Item
from relevo_ingest.connectors.prestashop import parts
from relevo_ingest.connectors.prestashop.parts import Lookup
from relevo_ingest.connectors.prestashop.shapes import (
    CartRowShape,
    CartShape,
    CustomerShape,
    NewsletterShape,
    ProductShape,
)
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.customer_changes import Agreed, CustomerNow
from relevo_ingest.core.days import day
from relevo_ingest.core.drafts import Draft, NoEvent, Reading
from relevo_ingest.core.notes import cut
from relevo_ingest.core.shop_events import Shop

_LINES = 500


def customer(shape: CustomerShape, shop: Shop) -> Reading:
    """What changed of an account. A guest's is not one: what is known of a guest stands in the order."""
    if parts.is_set(shape.is_guest):
        return NoEvent("the account is a guest's, which is one for each order")
    lookup = Lookup(shop)
    payload = CustomerChanged(
        customer=Buyer(
            id=fields.required(parts.ident(shape.id), "id"),
            email=normalise.email(shape.email),
            first_name=normalise.text(shape.firstname, 200),
            last_name=normalise.text(shape.lastname, 200),
            company=normalise.text(shape.company, 200),
            group=lookup.text(lookup.named("groups", shape.id_default_group).name, shape.id_lang, 100),
            locale=lookup.locale(shape.id_lang),
        ),
        birthday=day(shape.birthday, "birthday"),
    )
    since = lookup.time(shape.newsletter_date_add, "newsletter_date_add")
    return CustomerNow(
        payload=payload,
        created=lookup.time(shape.date_add, "date_add"),
        modified=lookup.time(shape.date_upd, "date_upd"),
        agreed=(
            Agreed(purpose="marketing", granted=parts.is_set(shape.newsletter), since=since),
            Agreed(purpose="partners", granted=parts.is_set(shape.optin)),
        ),
        source="prestashop",
        deleted=parts.is_set(shape.deleted),
    ).reading()


def newsletter(shape: NewsletterShape, shop: Shop) -> Reading:
    """An address was entered for the newsletter, or taken off it."""
    email = fields.required(normalise.email(shape.email), "email")
    payload = ConsentChanged(
        customer=Buyer(email=email),
        channel="email",
        state="granted" if parts.is_set(shape.active) else "withdrawn",
        source="prestashop",
    )
    at = Lookup(shop).time(shape.newsletter_date_add, "newsletter_date_add")
    return [Draft(type="consent.changed", payload=payload, subject=person(payload), at=at)]


def cart(shape: CartShape, shop: Shop) -> Reading:
    """A cart with something in it. PrestaShop makes one for each visitor who puts something in."""
    lookup = Lookup(shop)
    rows = (shape.associations.cart_rows if shape.associations else None) or []
    currency = lookup.currency(shape.id_currency)
    known = {parts.ident(one.id): one for one in shop.rows("products", ProductShape)}
    items = [_item(row, lookup, currency, shape, known) for row in cut(rows, _LINES, "cart_rows")]
    payload = CartUpdated(
        customer=parts.buyer(lookup.customer(shape.id_customer), shape.id_customer, lookup),
        cart_token=fields.required(parts.ident(shape.id), "id"),
        items=items,
        total=lookup.money(shape.order_total, currency, "order_total"),
        store=parts.ident(shape.id_shop),
    )
    at = lookup.time(shape.date_upd, "date_upd")
    return [
        Draft(
            type="cart.updated",
            payload=payload,
            subject=person(payload),
            at=at,
            id=_own_id(payload, shape.date_upd) if shape.date_upd else "",
            about=payload.cart_token,
        )
    ]


def _own_id(cart: CartUpdated, changed: str) -> str:
    """The same whoever tells of this state of the cart: the module, which knows its prices, or the web service."""
    lines = [f"{one.product_id}/{one.variant_id}/{one.quantity}" for one in cart.items]
    return f"cart.updated:{cart.cart_token}:{normalise.digest('|'.join((changed, *sorted(lines))))}"


def _item(row: CartRowShape, lookup: Lookup, currency: str, cart: CartShape, known: dict[str, ProductShape]) -> Item:
    product = known.get(parts.ident(row.id_product), ProductShape())
    return Item(
        title=fields.plain_text(row.name, 300) or lookup.text(product.name, cart.id_lang),
        quantity=1 if row.quantity is None else row.quantity,
        product_id=parts.ident(row.id_product),
        variant_id=parts.ident(row.id_product_attribute),
        sku=normalise.text(row.reference or product.reference, 100),
        price=lookup.money(row.price_wt, currency, "cart_rows.price_wt"),
        total=lookup.money(row.total_wt, currency, "cart_rows.total_wt"),
    )
