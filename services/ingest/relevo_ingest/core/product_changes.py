"""What has happened to a product, or to its stock, whose platform only tells how it is."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import Struct, structs

from relevo_contracts.payloads import Money, ProductChanged, StockChanged
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import Product
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending
from relevo_ingest.core.order_changes import NEW_WITHIN
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateView, StateViews

_NOTHING_NEW = "nothing of the product changed that there is an event for"


class ProductNow(Struct, frozen=True, kw_only=True):
    """A product as it is now, with the stock of it and of its variants, as far as that is told."""

    payload: ProductChanged
    created: datetime | None
    modified: datetime | None
    stock: Sequence[StockChanged] = ()

    def reading(self) -> Pending:
        """The events, once it is known how the product was."""
        entity = Entity("product", self.payload.product_id)
        state = {"title": self.payload.title, "details": _details(self.payload), "price": _amount(self.payload.price)}
        observed = Observation(entity=entity, state=state, at=self.modified)

        def conclude(views: StateViews) -> Conclusion:
            drafts = list(self._drafts(views.get(entity, UNKNOWN)))
            for one in self.stock:
                drafts += _stock_drafts(one, views.get(_stock_entity(one), UNKNOWN), self.modified)
            return drafts or NoEvent(_NOTHING_NEW, (_subject(self.payload),))

        return Pending(conclude=conclude, observed=(observed, *(_observed(one, self.modified) for one in self.stock)))

    def _drafts(self, seen: StateView) -> Iterator[Draft]:
        before, payload = seen.before, self.payload
        if before is None:
            is_new = self.created and self.modified and self.modified - self.created <= NEW_WITHIN
            own_id = f"product.created:{payload.product_id}"
            yield self._draft("product.created", payload, own_id) if is_new else self._draft("product.updated", payload)
            return
        if not seen.fresh:
            return
        if before.get("details") != _details(payload):
            yield self._draft("product.updated", payload)
        was = before.get("price")
        if payload.price and isinstance(was, str) and Decimal(payload.price.amount) != Decimal(was):
            previous = fields.optional_money(was, payload.price.currency, "known price")
            yield self._draft("product.price_changed", structs.replace(payload, previous_price=previous))

    def _draft(self, event_type: str, payload: ProductChanged, own_id: str = "") -> Draft:
        at = self.created if own_id else self.modified
        return Draft(type=event_type, payload=payload, subject=_subject(payload), at=at, id=own_id)


def stock_reading(now: Sequence[StockChanged], modified: datetime | None) -> Pending:
    """The events of a message about stock alone."""

    def conclude(views: StateViews) -> Conclusion:
        drafts = [
            draft for one in now for draft in _stock_drafts(one, views.get(_stock_entity(one), UNKNOWN), modified)
        ]
        return drafts or NoEvent("the stock is as it was known, or was not heard of before")

    return Pending(conclude=conclude, observed=tuple(_observed(one, modified) for one in now))


def _stock_drafts(now: StockChanged, seen: StateView, at: datetime | None) -> Iterator[Draft]:
    before = seen.before
    if before is None or not seen.fresh:
        return
    if (before.get("available"), before.get("in_stock")) == (now.available, now.in_stock):
        return
    previous = before.get("available")
    payload = structs.replace(now, previous=previous if isinstance(previous, int | float) else None)
    subject = Product(now.product_id, skus=(now.sku,) if now.sku else ())
    if before.get("in_stock") is False and now.in_stock:
        yield Draft(type="product.restocked", payload=payload, subject=subject, at=at)
    yield Draft(type="product.stock_changed", payload=payload, subject=subject, at=at)


def _stock_entity(one: StockChanged) -> Entity:
    return Entity("stock", f"{one.product_id}:{one.variant_id}" if one.variant_id else one.product_id)


def _observed(one: StockChanged, at: datetime | None) -> Observation:
    state: State = {"available": one.available, "in_stock": one.in_stock}
    return Observation(entity=_stock_entity(one), state=state, at=at)


def _subject(payload: ProductChanged) -> Product:
    return Product(payload.product_id, skus=(payload.sku,) if payload.sku else ())


def _amount(price: Money | None) -> str | None:
    return price.amount if price else None


def _details(payload: ProductChanged) -> str:
    """A digest of everything but stock and prices, which have events of their own."""
    plain = structs.replace(payload, price=None, list_price=None, in_stock=None, variants=[])
    return normalise.digest(msgspec.json.encode(plain).decode())
