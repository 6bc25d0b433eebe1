"""The port `erp`: what is ordered, offered and moved between places, and how far a customer is good."""

from msgspec import Struct

from relevo_contracts.parts import Money, Quantity
from relevo_contracts.systems.operation import Operation, PlainDay, Text


class GoodsLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So many of an article, known by its SKU; its fields are named as those of an order's items."""

    sku: Text
    quantity: Quantity = 1
    title: str = ""
    price: Money | None = None


class CreatePurchaseOrder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order at a supplier, who is known by name, reference or e-mail address. `confirm`: it is sent, not a draft."""

    supplier: Text
    items: list[GoodsLine]
    reference: str = ""
    expected_on: PlainDay = ""
    confirm: bool = False


class CreateQuote(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An offer to a customer. Lines have list prices of the ERP where they have none; `discount_percent` is for all."""

    email: Text
    items: list[GoodsLine]
    name: str = ""
    company: str = ""
    vat_number: str = ""
    reference: str = ""
    discount_percent: float = 0.0
    delivery: Money | None = None
    valid_until: PlainDay = ""


class ErpOrder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order or an offer. `url` is where the customer sees it, where there is such a page."""

    order_id: str
    number: str
    status: str = ""
    total: Money | None = None
    url: str = ""


class MoveStock(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Goods that went from one place to another, booked at once. Places are the ERP's full names (`WH/Stock`).

    An empty `source` is the customers, so that it is a return; an empty `destination` is the main stock.
    """

    items: list[GoodsLine]
    source: str = ""
    destination: str = ""
    reference: str = ""


class ReceiveGoods(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has arrived of a purchase order; nothing listed is all of it."""

    order_id: Text
    items: list[GoodsLine] = []


class StockMove(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The booking."""

    move_id: str
    number: str
    status: str = ""


class CreditCheck(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a customer, known by address or VAT number, is good for this amount beside what they owe."""

    amount: Money
    email: str = ""
    vat_number: str = ""


class Credit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the ERP knows. `approved`: what they owe and the amount stay within their limit, or they have none.

    A customer who is not known is not approved.
    """

    known: bool
    approved: bool = False
    limit: Money | None = None
    outstanding: Money | None = None


_ORDER = ErpOrder(order_id="7", number="P00007", status="purchase", total=Money("120.00", "EUR"))
_MOVE = StockMove(move_id="12", number="WH/IN/00012", status="done")

OPERATIONS = (
    Operation(
        name="erp.create_purchase_order",
        summary="orders goods from a supplier",
        given=CreatePurchaseOrder,
        answer=ErpOrder,
        example=_ORDER,
    ),
    Operation(
        name="erp.receive_goods",
        summary="books the arrival of goods that were ordered",
        given=ReceiveGoods,
        answer=StockMove,
        example=_MOVE,
    ),
    Operation(
        name="erp.move_stock",
        summary="books goods from one place to another",
        given=MoveStock,
        answer=StockMove,
        example=_MOVE,
    ),
    Operation(
        name="erp.create_quote",
        summary="writes an offer to a customer",
        given=CreateQuote,
        answer=ErpOrder,
        example=ErpOrder(order_id="21", number="S00021", status="sent", total=Money("950.00", "EUR")),
    ),
    Operation(
        name="erp.credit_check",
        summary="asks whether a customer is good for an amount",
        given=CreditCheck,
        answer=Credit,
        example=Credit(known=True, approved=True, limit=Money("5000.00", "EUR"), outstanding=Money("120.00", "EUR")),
    ),
)
