"""How Shopify writes products, their variants and their stock."""

from msgspec import Struct

from relevo_ingest.core import normalise
from relevo_ingest.core.fields import Amount, Id, Level, Text, Time
from relevo_ingest.core.states import Entity

_NO_TITLE = "Default Title"


class LevelShape(Struct, frozen=True, kw_only=True):
    """The level of an inventory item at one location; `available` is null where it is not tracked."""

    inventory_item_id: Id = None
    location_id: Id = None
    available: Level | None = None
    updated_at: Time = None


class PictureShape(Struct, frozen=True, kw_only=True):
    """A picture of a product; `variant_ids` are those that it shows."""

    src: Text = None


class VariantShape(Struct, frozen=True, kw_only=True):
    """A variant of a product: `title` is its own, without the product's."""

    id: Id = None
    product_id: Id = None
    inventory_item_id: Id = None
    title: Text = None
    sku: Text = None
    price: Amount = None
    compare_at_price: Amount = None
    inventory_policy: Text = None
    inventory_quantity: Level | None = None
    old_inventory_quantity: Level | None = None
    option1: Text = None
    option2: Text = None
    option3: Text = None
    updated_at: Time = None


class OptionShape(Struct, frozen=True, kw_only=True):
    """What the variants of a product differ in: size, colour."""

    name: Text = None


class ProductShape(Struct, frozen=True, kw_only=True):
    """A product with its variants; of those after the first hundred Shopify itself sends the ids only."""

    id: Id = None
    title: Text = None
    body_html: Text = None
    vendor: Text = None
    product_type: Text = None
    handle: Text = None
    status: Text = None
    tags: str | list[str] | None = None
    created_at: Time = None
    updated_at: Time = None
    image: PictureShape | None = None
    images: list[PictureShape] | None = None
    options: list[OptionShape] | None = None
    variants: list[VariantShape] | None = None


def product_entity(product_id: str) -> Entity:
    """The product as something that has a state: its title, and a digest of what shoppers see of it."""
    return Entity("product", product_id)


def variant_entity(variant_id: str) -> Entity:
    """The variant as something that has a state: its price."""
    return Entity("variant", variant_id)


def variant_title(variant: VariantShape) -> str:
    """The variant's own title; Shopify's "Default Title" says that there is but one."""
    return "" if variant.title == _NO_TITLE else normalise.text(variant.title, 300)
