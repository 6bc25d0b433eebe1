"""`products/*`: what is sold. One webhook may tell of stock, prices and details at once; each is told if it changed."""

from collections.abc import Iterator

import msgspec
from msgspec import structs

from relevo_contracts.payloads import ProductChanged, Variant
from relevo_ingest.connectors.shopify import parts, stock
from relevo_ingest.connectors.shopify.draft_orders import is_another_kind, quote_entity
from relevo_ingest.connectors.shopify.product_shapes import (
    ProductShape,
    VariantShape,
    product_entity,
    variant_entity,
    variant_title,
)
from relevo_ingest.core import fields, known_orders, normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.decoding import decode
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import UNKNOWN, Observation, State, StateViews

_SHOWN_VARIANTS = 250
_IMAGES = 50


def created(body: bytes, shop: ShopContext) -> Reading:
    """`products/create`."""
    return _read(body, shop, is_new=True)


def updated(body: bytes, shop: ShopContext) -> Reading:
    """`products/update`, which also comes for each order, as the stock changes."""
    return _read(body, shop, is_new=False)


def deleted(body: bytes, shop: ShopContext) -> Reading:
    """`products/delete`."""
    del shop
    product_id = parts.required(decode(body, ProductShape).id, "id")
    entity, others = product_entity(product_id), (known_orders.order(product_id), quote_entity(product_id))

    def conclude(views: StateViews) -> Conclusion:
        if is_another_kind(views, entity, others):
            return NoEvent("products/delete: it is the id of an order or a draft, and of no product ever heard of")
        title = normalise.text(str(views.get(entity, UNKNOWN).now.get("title", "")), 300)
        payload = ProductChanged(product_id=product_id, title=title)
        own_id = f"product.deleted:{product_id}"
        return [Draft(type="product.deleted", payload=payload, subject=Product(product_id), id=own_id)]

    return Pending(conclude=conclude, looks=(entity, *others))


def _read(body: bytes, shop: ShopContext, *, is_new: bool) -> Reading:
    shape = decode(body, ProductShape)
    payload = _payload(shape, shop)
    variants = [one for one in shape.variants or [] if parts.ident(one.id)]
    subject = Product(payload.product_id, _stock_items(variants))
    at = shape.updated_at
    stocks = list(_stocks(shape, payload, shop))

    def conclude(views: StateViews) -> Conclusion:
        drafts = []
        if is_new:
            own_id = f"product.created:{payload.product_id}"
            moment = shape.created_at or at
            drafts.append(Draft(type="product.created", payload=payload, subject=subject, at=moment, id=own_id))
        elif _details_changed(views, payload, otherwise=not stocks):
            about = payload.product_id
            drafts.append(Draft(type="product.updated", payload=payload, subject=subject, at=at, about=about))
        drafts += _prices(variants, payload, views, shop=shop, subject=subject, shape=shape)
        return [*drafts, *stocks] or NoEvent("nothing of the product changed that there is an event for", (subject,))

    return Pending(conclude=conclude, observed=tuple(_observed(shape, payload, variants)))


def _observed(shape: ProductShape, payload: ProductChanged, variants: list[VariantShape]) -> Iterator[Observation]:
    state = {"title": payload.title, "details": _details(payload)}
    yield Observation(entity=product_entity(payload.product_id), state=state, at=shape.updated_at)
    for variant in variants:
        if variant.price is not None:
            entity, price = variant_entity(parts.ident(variant.id)), {"price": str(variant.price)[:40]}
            yield Observation(entity=entity, state=price, at=shape.updated_at)


def _details_changed(views: StateViews, payload: ProductChanged, *, otherwise: bool) -> bool:
    """Whether what shoppers see of the product is another than it was; of one never seen `otherwise`."""
    seen = views.get(product_entity(payload.product_id), UNKNOWN)
    if seen.before is None or "details" not in seen.before:
        return otherwise
    return seen.fresh and seen.before["details"] != _details(payload)


def _details(payload: ProductChanged) -> str:
    """A digest of everything but stock and prices, which have events of their own."""
    variants = [(one.variant_id, one.title, one.sku) for one in payload.variants]
    plain = structs.replace(payload, price=None, list_price=None, in_stock=None, variants=[])
    return normalise.digest(msgspec.json.encode([plain, variants]).decode())


def _prices(
    variants: list[VariantShape],
    payload: ProductChanged,
    views: StateViews,
    *,
    shop: ShopContext,
    subject: Product,
    shape: ProductShape,
) -> Iterator[Draft]:
    """An event for each variant that costs another price than before."""
    for n, variant in enumerate(variants):
        seen = views.get(variant_entity(parts.ident(variant.id)), UNKNOWN)
        price = fields.optional_money(variant.price, shop.currency, f"variants[{n}].price")
        before = fields.optional_money(_known_price(seen.before), shop.currency, "known price")
        if seen.fresh and price is not None and before is not None and price != before:
            changed = structs.replace(
                payload,
                variant_id=parts.ident(variant.id),
                sku=normalise.text(variant.sku, 100),
                variant=variant_title(variant),
                price=price,
                previous_price=before,
                list_price=fields.optional_money(variant.compare_at_price, shop.currency, f"variants[{n}].compare_at"),
                variants=[],
            )
            about = changed.variant_id
            yield Draft(
                type="product.price_changed", payload=changed, subject=subject, at=shape.updated_at, about=about
            )


def _known_price(state: State | None) -> str | None:
    found = (state or {}).get("price")
    return found if isinstance(found, str) else None


def _stocks(shape: ProductShape, payload: ProductChanged, shop: ShopContext) -> Iterator[Draft]:
    """An event for each variant whose quantity differs from before, however many variants there are."""
    for n, variant in enumerate(shape.variants or []):
        quantities = (variant.inventory_quantity, variant.old_inventory_quantity)
        if None not in quantities and quantities[0] != quantities[1]:
            yield stock.changed(
                "product.stock_changed",
                variant,
                shop,
                product=payload.product_id,
                title=payload.title,
                where=f"variants[{n}].",
            )


def _stock_items(variants: list[VariantShape]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (parts.ident(one.inventory_item_id) for one in variants))))


def _payload(shape: ProductShape, shop: ShopContext) -> ProductChanged:
    variants = [_shown(one, n, shape, shop) for n, one in enumerate(shape.variants or [])]
    only = variants[0] if len(variants) == 1 else Variant()
    images = [normalise.text(one.src) for one in [*filter(None, (shape.image,)), *(shape.images or [])] if one.src]
    known = [one.in_stock for one in variants if one.in_stock is not None]
    return ProductChanged(
        product_id=parts.required(shape.id, "id"),
        variant_id=only.variant_id,
        sku=only.sku,
        title=normalise.text(shape.title, 300),
        description=fields.plain_text(shape.body_html, 5_000),
        image_url=images[0] if images else "",
        images=list(dict.fromkeys(images))[:_IMAGES],
        categories=[one for one in (normalise.text(shape.product_type, 200),) if one],
        vendor=normalise.text(shape.vendor, 200),
        tags=parts.tags(shape.tags) or [],
        status=normalise.text(shape.status, 50),
        price=only.price,
        list_price=only.list_price,
        in_stock=any(known) if known else None,
        variants=list(cut(variants, _SHOWN_VARIANTS, "variants")),
    )


def _shown(variant: VariantShape, n: int, shape: ProductShape, shop: ShopContext) -> Variant:
    names = [normalise.text(one.name, 100) for one in shape.options or []]
    values = [normalise.text(one, 200) for one in (variant.option1, variant.option2, variant.option3)]
    available = variant.inventory_quantity
    return Variant(
        variant_id=parts.ident(variant.id),
        sku=normalise.text(variant.sku, 100),
        title=variant_title(variant),
        price=fields.optional_money(variant.price, shop.currency, f"variants[{n}].price"),
        list_price=fields.optional_money(variant.compare_at_price, shop.currency, f"variants[{n}].compare_at_price"),
        available=available,
        in_stock=None if available is None else available > 0 or (variant.inventory_policy or "") == "continue",
        options={name: value for name, value in zip(names, values, strict=False) if name and value},
    )
