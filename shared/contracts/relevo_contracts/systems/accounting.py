"""The port `accounting`: invoices, credit notes, payments, and what is still owed."""

from msgspec import Struct

from relevo_contracts.parts import Money, Quantity
from relevo_contracts.systems.operation import Operation, PlainDay, Text


class InvoiceLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line; its fields are named as those of an order's items. `price` is for one piece.

    `account` and `tax_code` are those of the accounting system; empty: those of its settings.
    """

    title: Text
    quantity: Quantity = 1
    price: Money | None = None
    sku: str = ""
    account: str = ""
    tax_code: str = ""


class Bill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an invoice or a credit note says. `reference` is the shop's own, such as the number of the order.

    Prices include tax if `taxes_included`. `issued_on` is today where it is empty. A draft is not booked yet.
    """

    reference: Text
    name: Text
    items: list[InvoiceLine]
    email: str = ""
    vat_number: str = ""
    issued_on: PlainDay = ""
    due_on: PlainDay = ""
    taxes_included: bool = True
    draft: bool = False


class AccountingDocument(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An invoice or a credit note in the books. `due` is what is still to be paid of it."""

    document_id: str
    number: str
    status: str = ""
    total: Money | None = None
    due: Money | None = None


class RecordPayment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money that came for an invoice. `account` is where it arrived; empty: that of the settings."""

    document_id: Text
    amount: Money
    paid_on: PlainDay = ""
    reference: str = ""
    account: str = ""


class AccountingPayment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The payment in the books."""

    payment_id: str


class OpenItems(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which invoices are still to be paid: of whom has this address, and due before that day, where these are given.

    The oldest are listed, a hundred at most.
    """

    email: str = ""
    reference: str = ""
    due_before: PlainDay = ""


class OpenItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An invoice that is not paid in full. `reference` is the shop's own."""

    document_id: str
    number: str
    due: Money
    reference: str = ""
    name: str = ""
    due_on: str = ""


class OpenItemList(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is owed. `total` is left out where it is in several currencies, or nothing."""

    items: list[OpenItem]
    count: int = 0
    total: Money | None = None


_INVOICE = AccountingDocument(
    document_id="243216c5-369e-4056-ac67-05388f86dc81",
    number="INV-0041",
    status="AUTHORISED",
    total=Money("115.00", "EUR"),
    due=Money("115.00", "EUR"),
)
_ITEM = OpenItem(
    document_id=_INVOICE.document_id, number="INV-0041", due=Money("115.00", "EUR"), reference="1042", name="Ana"
)

OPERATIONS = (
    Operation(
        name="accounting.create_invoice",
        summary="writes an invoice",
        given=Bill,
        answer=AccountingDocument,
        example=_INVOICE,
    ),
    Operation(
        name="accounting.create_credit_note",
        summary="writes a credit note",
        given=Bill,
        answer=AccountingDocument,
        example=AccountingDocument(
            document_id="aea95d78-ea48-456b-9b08-6bc012600072",
            number="CN-0002",
            status="AUTHORISED",
            total=Money("30.00", "EUR"),
            due=Money("30.00", "EUR"),
        ),
    ),
    Operation(
        name="accounting.record_payment",
        summary="books a payment of an invoice",
        given=RecordPayment,
        answer=AccountingPayment,
        example=AccountingPayment(payment_id="99ea7f6b-c513-4066-bc27-b7c65dcd76c2"),
    ),
    Operation(
        name="accounting.open_items",
        summary="asks which invoices are still to be paid",
        given=OpenItems,
        answer=OpenItemList,
        example=OpenItemList(items=[_ITEM], count=1, total=_ITEM.due),
    ),
)
