"""`product.*`: what is sold. One webhook may tell of details, price and stock at once; each is told if it changed.

A product names its variations by their ids only. A variation that is changed comes under the same topic, as a body of
its own that names its product (`type` `variation`, `parent_id`).
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec import Struct, structs

from relevo_contracts.payloads import Money, ProductChanged, StockChanged
from relevo_ingest.connectors.woocommerce import parts
from relevo_ingest.connectors.woocommerce.deletions import deletion
from relevo_ingest.connectors.woocommerce.shapes import ProductShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateView, StateViews

_IMAGES, _TAGS = 50, 250
_OUT_OF_STOCK, _IN_STOCK = "outofstock", "instock"
_STOCK = ("stock_quantity", "stock_status")


def created(body: bytes, shop: ShopContext) -> Reading:
    """`product.created`."""
    return _read(body, shop, is_new=True)


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`product.updated`, which also comes for each order, as the stock changes."""
    return _read(body, shop)


def restored(body: bytes, shop: ShopContext) -> Reading:
    """`product.restored`: it is back from the bin, where it was told as deleted."""
    return _read(body, shop, is_restored=True)


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`product.deleted`, which has the product's id and nothing else. Only a product that is known can be deleted."""
    del shop
    return deletion(body, "product", _entity, _deleted)


def _deleted(product_id: str, views: StateViews) -> Conclusion:
    title = views[_entity(product_id)].now.get("title", "")
    payload = ProductChanged(product_id=product_id, title=normalise.text(str(title), 300))
    own_id = f"product.deleted:{product_id}"
    return [Draft(type="product.deleted", payload=payload, subject=Product(product_id), id=own_id)]


def _entity(product_id: str) -> Entity:
    return Entity("product", product_id)


class ProductNow(Struct, frozen=True, kw_only=True):
    """A product, or a variation of one, as a webhook tells it."""

    shape: ProductShape
    payload: ProductChanged
    subject: Product

    @property
    def entity(self) -> Entity:
        """What has the state: the variation if it is one, else the product."""
        if self.payload.variant_id:
            return Entity("variant", self.payload.variant_id)
        return _entity(self.payload.product_id)

    @property
    def state(self) -> State:
        """What is kept, to see what changes."""
        price = self.payload.price.amount if self.payload.price else None
        stock = {"stock_quantity": self.shape.stock_quantity, "stock_status": self.shape.stock_status}
        return {"title": self.payload.title, "details": _details(self.payload), "price": price, **stock}

    def draft(self, event_type: str, payload: ProductChanged | StockChanged) -> Draft:
        """An event of this state."""
        at = fields.utc_without_zone(self.shape.date_modified_gmt, "date_modified_gmt")
        return Draft(type=event_type, payload=payload, subject=self.subject, at=at)

    def created(self) -> Draft:
        """`product.created`."""
        at = fields.utc_without_zone(self.shape.date_created_gmt, "date_created_gmt")
        own_id = f"product.created:{self.payload.variant_id or self.payload.product_id}"
        return structs.replace(self.draft("product.created", self.payload), at=at, id=own_id)

    def since(self, before: State) -> Iterator[Draft]:
        """What changed since `before`."""
        if before.get("details") != _details(self.payload):
            yield self.draft("product.updated", self.payload)
        price, was = self.payload.price, _known_price(before, self.payload.price)
        if price is not None and was is not None and Decimal(price.amount) != Decimal(was.amount):
            yield self.draft("product.price_changed", structs.replace(self.payload, previous_price=was))
        if any(name in before and before[name] != getattr(self.shape, name) for name in _STOCK):
            payload = self._stock(before)
            if before.get("stock_status") == _OUT_OF_STOCK and self.shape.stock_status == _IN_STOCK:
                yield self.draft("product.restocked", payload)
            yield self.draft("product.stock_changed", payload)

    def _stock(self, before: State) -> StockChanged:
        previous = before.get("stock_quantity")
        return StockChanged(
            product_id=self.payload.product_id,
            variant_id=self.payload.variant_id,
            sku=self.payload.sku,
            title=self.payload.title,
            variant=self.payload.variant,
            available=self.shape.stock_quantity,
            previous=previous if isinstance(previous, int | float) else None,
            in_stock=self.payload.in_stock,
            backorders=bool(self.shape.backorders_allowed),
            low_threshold=self.shape.low_stock_amount,
            price=self.payload.price,
            url=self.payload.url,
            image_url=self.payload.image_url,
        )


def _read(body: bytes, shop: ShopContext, *, is_new: bool = False, is_restored: bool = False) -> Reading:
    shape = decode(body, ProductShape)
    payload = _payload(shape, shop)
    skus = (payload.sku,) if payload.sku else ()
    now = ProductNow(shape=shape, payload=payload, subject=Product(payload.product_id, skus=skus))

    def conclude(views: StateViews) -> Conclusion:
        drafts = list(_drafts(now, views.get(now.entity, UNKNOWN), is_new=is_new))
        if is_restored and not any(draft.type == "product.updated" for draft in drafts):
            drafts.insert(0, now.draft("product.updated", now.payload))
        return drafts or NoEvent("nothing of the product changed that there is an event for", (now.subject,))

    at = fields.utc_without_zone(shape.date_modified_gmt, "date_modified_gmt")
    return Pending(conclude=conclude, observed=(Observation(entity=now.entity, state=now.state, at=at),))


def _drafts(now: ProductNow, seen: StateView, *, is_new: bool) -> Iterator[Draft]:
    if is_new:
        yield now.created()
    elif seen.before is None:
        yield now.draft("product.updated", now.payload)
    if seen.before is not None and seen.fresh:
        yield from now.since(seen.before)


def _payload(shape: ProductShape, shop: ShopContext) -> ProductChanged:
    own = fields.required(parts.ident(shape.id), "id")
    is_variation = shape.type == "variation" and bool(parts.ident(shape.parent_id))
    pictures = [*filter(None, (shape.image,)), *(shape.images or [])]
    images = list(dict.fromkeys(url for url in (normalise.text(one.src) for one in pictures) if url))
    price = fields.optional_money(shape.price, shop.currency, "price")
    list_price = fields.optional_money(shape.regular_price, shop.currency, "regular_price")
    options = [fields.plain_text(one.option, 200) for one in shape.attributes or []]
    return ProductChanged(
        product_id=parts.ident(shape.parent_id) if is_variation else own,
        variant_id=own if is_variation else "",
        sku=normalise.text(shape.sku, 100),
        title=fields.plain_text(shape.name, 300),
        variant=", ".join(filter(None, options)) if is_variation else "",
        description=fields.plain_text(shape.short_description or shape.description, 5_000),
        url=normalise.text(shape.permalink),
        image_url=images[0] if images else "",
        images=list(cut(images, _IMAGES, "images")),
        categories=parts.names([one.name for one in shape.categories or []]),
        vendor=fields.first(parts.names([one.name for one in shape.brands or []])),
        tags=parts.names([one.name for one in cut(shape.tags or [], _TAGS, "tags")]),
        status=normalise.text(shape.status, 50),
        price=price,
        list_price=list_price if list_price != price else None,
        in_stock=None if shape.stock_status is None else shape.stock_status != _OUT_OF_STOCK,
    )


def _known_price(before: State, now: Money | None) -> Money | None:
    """The price that was kept: amounts only, in the currency of the shop."""
    was = before.get("price")
    return fields.optional_money(was, now.currency, "known price") if now and isinstance(was, str) else None


def _details(payload: ProductChanged) -> str:
    """A digest of everything but stock and prices, which have events of their own."""
    plain = structs.replace(payload, price=None, list_price=None, in_stock=None)
    return normalise.digest(msgspec.json.encode(plain).decode())
