"""What happens to products, and who wants to hear of it: payloads, see `relevo_contracts.payloads`."""

from msgspec import Struct

from relevo_contracts.parts import Buyer, EventContact, Level, Money, Variant


class StockChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`product.stock_changed`, `product.restocked`.

    `available` is `None` where the shop does not track it; then `in_stock` may say whether it can be bought. `title` is
    the product's, `variant` the variant's. `location` is the warehouse that is meant; empty: all together.
    """

    product_id: str = ""
    variant_id: str = ""
    inventory_item_id: str = ""
    sku: str = ""
    title: str = ""
    available: Level | None = None
    previous: Level | None = None
    price: Money | None = None
    url: str = ""
    variant: str = ""
    image_url: str = ""
    in_stock: bool | None = None
    backorders: bool = False
    low_threshold: Level | None = None
    location: str = ""
    store: str = ""


class ProductChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`product.created`, `.updated`, `.price_changed`, `.deleted`: the product as it is now.

    On `product.price_changed` `variant_id`, `price` and `previous_price` are those of the variant whose price changed.
    `list_price` is the price before a reduction that the shop shows.
    """

    product_id: str = ""
    variant_id: str = ""
    sku: str = ""
    title: str = ""
    variant: str = ""
    description: str = ""
    url: str = ""
    image_url: str = ""
    images: list[str] = []
    categories: list[str] = []
    vendor: str = ""
    tags: list[str] = []
    status: str = ""
    price: Money | None = None
    previous_price: Money | None = None
    list_price: Money | None = None
    in_stock: bool | None = None
    variants: list[Variant] = []
    store: str = ""


class ProductRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`back_in_stock.requested`, `price_drop.requested`: a customer wants to hear of a product.

    `contact` is the address that a visitor typed, which may be anybody's: it is where this news goes, and no more.
    `origin` is the `cart` or `wishlist` that the product was seen in, where nobody asked in so many words.
    """

    customer: Buyer
    product_id: str = ""
    variant_id: str = ""
    sku: str = ""
    title: str = ""
    variant: str = ""
    url: str = ""
    image_url: str = ""
    price: Money | None = None
    target_price: Money | None = None
    channels: list[str] = []
    form_url: str = ""
    contact: EventContact | None = None
    origin: str = ""
