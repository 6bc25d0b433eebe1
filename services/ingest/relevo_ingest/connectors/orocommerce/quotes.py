"""`rfq.…` (a customer asks for a quote) and `quote.…` (sales people make one, and the customer answers)."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from relevo_contracts.payloads import EventContact, Item, QuoteChanged
from relevo_ingest.connectors.orocommerce import parts
from relevo_ingest.connectors.orocommerce.json_api import Document, Resource
from relevo_ingest.connectors.orocommerce.message import Message
from relevo_ingest.connectors.orocommerce.shapes import OrderLineShape, QuoteShape, RequestShape
from relevo_ingest.core import fields, normalise
from relevo_ingest.core.aliases import person
from relevo_ingest.core.drafts import Conclusion, Draft, NoEvent, Pending, Reading, ShopContext
from relevo_ingest.core.notes import cut
from relevo_ingest.core.states import UNKNOWN, Entity, Observation, State, StateViews

INCLUDE = "customerUser,customer,quoteProducts,quoteProducts.quoteProductOffers"
REQUEST_INCLUDE = "customerUser,customer"
_LINES = 500
_ANSWERS = {"accepted": "quote.accepted", "declined": "quote.declined", "expired": "quote.expired"}
_SENT = "sent_to_customer"
_NOTHING_NEW = "nothing happened to the quote that there is an event for"


def requested(message: Message, shop: ShopContext) -> Reading:
    """`rfq.created`."""
    found, request = message.document, message.primary
    shape = request.as_shape(RequestShape)
    reached = fields.contact_of(
        EventContact(
            email=normalise.email(shape.email),
            phone=normalise.phone(shape.phone, shop.region),
            first_name=normalise.text(shape.first_name, 200),
            last_name=normalise.text(shape.last_name, 200),
            company=normalise.text(shape.company, 200),
        )
    )
    payload = QuoteChanged(
        customer=parts.buyer(found, request),
        quote_id=_request(request.id),
        number=request.id,
        status=fields.word(request.id_of("customer_status")),
        note=normalise.text(shape.note),
        contact=reached,
        po_number=normalise.text(shape.po_number, 100),
        ship_until=parts.day(shape.ship_until),
    )
    at = fields.utc(shape.created_at) or message.at
    own_id = f"quote.requested:{request.id}"
    return [Draft(type="quote.requested", payload=payload, subject=person(payload), at=at, id=own_id)]


def changed(message: Message, shop: ShopContext) -> Reading:
    """`quote.created`, `.updated`: sent, accepted, declined or expired, each once."""
    now = _quote(message, shop)
    entity = Entity("quote", now.payload.quote_id)

    def conclude(views: StateViews) -> Conclusion:
        seen = views.get(entity, UNKNOWN)
        if seen.before is not None and not seen.fresh:
            return NoEvent("a newer state of the quote is known")
        return list(now.since(seen.before or {})) or NoEvent(_NOTHING_NEW)

    return Pending(conclude=conclude, observed=(Observation(entity=entity, state=now.state, at=now.modified),))


class QuoteNow(Struct, frozen=True, kw_only=True):
    """A quote as a message tells it: the customer's answer, and how far the sales people are."""

    payload: QuoteChanged
    answer: str
    internal: str
    modified: datetime | None

    @property
    def state(self) -> State:
        """What is kept, to see what changes."""
        return {"answer": self.answer, "internal": self.internal}

    def since(self, before: State) -> Iterator[Draft]:
        """What happened since `before`."""
        if self.internal == _SENT and before.get("internal") != _SENT:
            yield self._once("quote.sent")
        if self.answer in _ANSWERS and before.get("answer") != self.answer:
            yield self._once(_ANSWERS[self.answer])

    def _once(self, event_type: str) -> Draft:
        own_id = f"{event_type}:{self.payload.quote_id}"
        return Draft(type=event_type, payload=self.payload, subject=person(self.payload), at=self.modified, id=own_id)


def _quote(message: Message, shop: ShopContext) -> QuoteNow:
    found, quote = message.document, message.primary
    shape = quote.as_shape(QuoteShape)
    items = _items(found, quote, normalise.text(shape.currency, 10) or shop.currency)
    buyer = parts.buyer(found, quote)
    payload = QuoteChanged(
        customer=buyer,
        quote_id=quote.id,
        number=normalise.text(shape.identifier, 100) or quote.id,
        status=fields.word(quote.id_of("customerStatus")),
        items=items,
        total=fields.total_of([item.total for item in items]),
        valid_until=fields.utc(shape.valid_until),
        contact=fields.contact_of(
            EventContact(email=buyer.email, first_name=buyer.first_name, last_name=buyer.last_name)
        ),
        po_number=normalise.text(shape.po_number, 100),
        ship_until=parts.day(shape.ship_until),
        request_id=_request(quote.id_of("request")),
    )
    return QuoteNow(
        payload=payload,
        answer="expired" if shape.expired else payload.status,
        internal=fields.word(quote.id_of("internalStatus")),
        modified=fields.utc(shape.updated_at) or message.at,
    )


def _request(own_id: str) -> str:
    """The id of a request among quotes, which are counted apart from requests; empty without one."""
    return f"rfq-{own_id}" if own_id else ""


def _items(found: Document, quote: Resource, currency: str) -> list[Item]:
    lines = cut(list(found.follow(quote, "quoteProducts")), _LINES, "quoteProducts")
    return [_item(found, line, currency) for line in lines]


def _item(found: Document, line: Resource, currency: str) -> Item:
    """A line at its first offer: which one is chosen is known with the order."""
    shape = line.as_shape(OrderLineShape)
    given = found.first(line, "quoteProductOffers")
    offer = given.as_shape(OrderLineShape) if given else OrderLineShape()
    quantity = 1 if offer.quantity is None else offer.quantity
    price = fields.optional_money(offer.value, offer.currency or currency, f"{line.where}.quoteProductOffers.value")
    return Item(
        title=fields.plain_text(shape.free_form_product, 300) or normalise.text(shape.product_sku, 300),
        quantity=quantity,
        product_id=line.id_of("product"),
        sku=normalise.text(shape.product_sku, 100),
        price=price,
        line_id=line.id,
        unit=normalise.text(offer.product_unit_code, 50),
        total=parts.times(price, quantity),
    )
