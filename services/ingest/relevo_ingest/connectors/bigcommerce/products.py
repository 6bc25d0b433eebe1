"""`store/product/…`, `store/sku/…`: the product as the API has it, with its variants; each change is told once."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct, structs

from relevo_contracts.payloads import Money, ProductChanged, StockChanged, Variant
from relevo_ingest.connectors.bigcommerce.message import Message, ident
from relevo_ingest.connectors.bigcommerce.shapes import ProductShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateViews

_VARIANTS = 600
_BY_VARIANT, _UNTRACKED = "variant", "none"
_NOTHING_NEW = "nothing of the product changed that there is an event for"
Levels = Mapping[str, float]
"""How many there are, by the id of the variant; of a product without tracked variants under empty text."""


def created(message: Message, shop: ShopContext) -> Reading:
    """`store/product/created`."""
    return _read(message, shop, is_new=True)


def updated(message: Message, shop: ShopContext) -> Reading:
    """`store/product/updated`, `store/product/inventory/…`, `store/sku/…`."""
    return _read(message, shop)


def deleted(message: Message, shop: ShopContext) -> Reading:
    """`store/product/deleted`: told if the API does not have the product any more."""
    del shop
    if message.there("product"):
        return NoEvent("the API still has the product, so nothing was deleted")
    payload = ProductChanged(product_id=message.id)
    made_id = f"product.deleted:{message.id}"
    return [Draft(type="product.deleted", payload=payload, subject=Product(message.id), at=message.at, id=made_id)]


class ProductNow(Struct, frozen=True, kw_only=True):
    """A product as the API has it."""

    payload: ProductChanged
    levels: Levels
    low: float | None
    modified: datetime | None

    @property
    def state(self) -> State:
        """What is kept, to see what changes."""
        price = self.payload.price.amount if self.payload.price else None
        return {"details": _details(self.payload), "price": price, "levels": dict(self.levels)}

    @property
    def subject(self) -> Product:
        """The product, by all its names."""
        skus = (self.payload.sku, *(one.sku for one in self.payload.variants))
        return Product(self.payload.product_id, skus=tuple(dict.fromkeys(filter(None, skus))))

    def draft(self, event_type: str, payload: ProductChanged | StockChanged, made_id: str = "") -> Draft:
        """An event of this state."""
        return Draft(type=event_type, payload=payload, subject=self.subject, at=self.modified, id=made_id)

    def since(self, before: State) -> Iterator[Draft]:
        """What changed since `before`."""
        if before.get("details") != _details(self.payload):
            yield self.draft("product.updated", self.payload)
        price, was = self.payload.price, _known_price(before, self.payload.price)
        if price is not None and was is not None and Decimal(price.amount) != Decimal(was.amount):
            yield self.draft("product.price_changed", structs.replace(self.payload, previous_price=was))
        known = before.get("levels")
        for variant_id, level in self.levels.items():
            previous = known.get(variant_id) if isinstance(known, Mapping) else None
            if isinstance(previous, int | float) and previous != level:
                yield from self._stock(variant_id, previous, level)

    def _stock(self, variant_id: str, previous: float, level: float) -> Iterator[Draft]:
        variant = next((one for one in self.payload.variants if one.variant_id == variant_id), Variant())
        payload = StockChanged(
            product_id=self.payload.product_id,
            variant_id=variant_id,
            sku=variant.sku or self.payload.sku,
            title=self.payload.title,
            available=level,
            previous=previous,
            in_stock=level > 0,
            low_threshold=self.low,
            price=variant.price or self.payload.price,
            url=self.payload.url,
            image_url=self.payload.image_url,
        )
        if previous <= 0 < level:
            yield self.draft("product.restocked", payload)
        yield self.draft("product.stock_changed", payload)


def _read(message: Message, shop: ShopContext, *, is_new: bool = False) -> Reading:
    shape = message.one("product", ProductShape)
    modified = fields.utc(shape.date_modified) or message.at
    payload = _payload(shape, shop)
    now = ProductNow(
        payload=payload, levels=_levels(shape), low=shape.inventory_warning_level or None, modified=modified
    )
    entity = Entity("product", payload.product_id)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        drafts = []
        if is_new:
            drafts.append(now.draft("product.created", payload, f"product.created:{payload.product_id}"))
        elif seen.before is None:
            drafts.append(now.draft("product.updated", payload))
        if seen.before is not None and seen.fresh:
            drafts += now.since(seen.before)
        return drafts or NoEvent(_NOTHING_NEW, (now.subject,))

    # By when it was fetched: an order changes the stock, and leaves the product's own time as it is.
    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=now.state, at=message.state_at),))


def _levels(shape: ProductShape) -> Levels:
    tracking = fields.word(shape.inventory_tracking)
    if tracking == _BY_VARIANT:
        return {ident(one.id): one.inventory_level for one in shape.variants or [] if one.inventory_level is not None}
    if tracking in ("", _UNTRACKED) or shape.inventory_level is None:
        return {}
    return {"": shape.inventory_level}


def _payload(shape: ProductShape, shop: ShopContext) -> ProductChanged:
    levels = _levels(shape)
    price = fields.optional_money(shape.calculated_price, shop.currency, "product.calculated_price")
    full = fields.optional_money(shape.price, shop.currency, "product.price")
    price = price or full
    path = normalise.text(shape.custom_url.url if shape.custom_url else None)
    return ProductChanged(
        product_id=fields.required(ident(shape.id), "product.id"),
        sku=normalise.text(shape.sku, 100),
        title=fields.plain_text(shape.name, 300),
        description=fields.plain_text(shape.description, 5_000),
        url=f"https://{shop.domain}{path}" if shop.domain and path.startswith("/") else "",
        image_url=normalise.text(shape.primary_image.url_standard if shape.primary_image else None),
        status="" if shape.is_visible is None else "visible" if shape.is_visible else "hidden",
        price=price,
        list_price=full if full != price else None,
        in_stock=any(level > 0 for level in levels.values()) if levels else None,
        variants=[
            Variant(
                variant_id=ident(one.id),
                sku=normalise.text(one.sku, 100),
                price=fields.optional_money(one.calculated_price, shop.currency, "variants.calculated_price"),
                available=levels.get(ident(one.id)),
            )
            for one in cut(shape.variants or [], _VARIANTS, "variants")
        ],
    )


def _known_price(before: State, now: Money | None) -> Money | None:
    was = before.get("price")
    return fields.optional_money(was, now.currency, "known price") if now and isinstance(was, str) else None


def _details(payload: ProductChanged) -> str:
    """A digest of everything but stock and prices, which have events of their own."""
    variants = [structs.replace(one, price=None, available=None) for one in payload.variants]
    plain = structs.replace(payload, price=None, list_price=None, in_stock=None, variants=variants)
    return normalise.digest(msgspec.json.encode(plain).decode())
