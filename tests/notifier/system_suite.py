"""What the suite of all systems has to know of each: its server, what opens it, and what its operations do there.

A system of the registry without an entry here fails, and so does an operation of its port.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, structs

from relevo_contracts.parts import Address, Money
from relevo_contracts.systems.accounting import (
    AccountingDocument,
    AccountingPayment,
    Bill,
    InvoiceLine,
    OpenItem,
    OpenItemList,
    OpenItems,
    RecordPayment,
)
from relevo_contracts.systems.carrier import (
    BuyLabel,
    CarrierLabel,
    CarrierRate,
    CarrierRates,
    CarrierTrack,
    Rates,
    TrackParcel,
)
from relevo_contracts.systems.crm import CreateDeal, CrmContact, CrmDeal, UpsertContact
from relevo_contracts.systems.erp import (
    CreatePurchaseOrder,
    CreateQuote,
    Credit,
    CreditCheck,
    ErpOrder,
    GoodsLine,
    MoveStock,
    ReceiveGoods,
    StockMove,
)
from relevo_contracts.systems.helpdesk import AddComment, CloseTicket, CreateTicket, HelpdeskTicket
from relevo_contracts.systems.pim import PimProduct, ReadProduct
from tests.platform_servers.server import PlatformServer
from tests.system_servers import akeneo, hubspot, odoo, shippo, xero, zendesk
from tests.system_servers.akeneo import AkeneoServer
from tests.system_servers.hubspot import HubSpotServer
from tests.system_servers.odoo import OdooServer
from tests.system_servers.shippo import ShippoServer
from tests.system_servers.xero import XeroServer
from tests.system_servers.zendesk import ZendeskServer


class Case(Struct, frozen=True, kw_only=True):
    """One operation: what it is given, what it answers, and what it changes in the system, as a count.

    `before` makes there be what it needs. `forgets`: what the server forgets between two attempts, so that no
    idempotency key helps the second one. `reads`: it changes nothing; `again`: done for another call it is done again.
    `later` is what a second attempt answers, where that differs, `empty` what an empty list means, where it
    means something.
    """

    given: Any
    answer: Any
    count: Callable[[Any], int]
    before: Callable[[Any], None] = lambda server: None
    forgets: Callable[[Any], None] = lambda server: None
    reads: bool = False
    later: Any = None
    empty: Any = None
    again: bool = True


class Suite(Struct, frozen=True, kw_only=True):
    """A system. `refused` are operations that it refuses, each with what is said of it; `missing` is not there.

    `where` is what the paths of its operations have in them, and that of its sign-in has not.
    """

    server: Callable[[], PlatformServer]
    credentials: Mapping[str, str]
    cases: Mapping[str, Case]
    refused: Sequence[tuple[str, Any, str]] = ()
    missing: Sequence[tuple[str, Any]] = ()
    settings: Mapping[str, str] = {}
    where: str = ""


def _ticket(server: ZendeskServer, status: str = "open") -> None:
    server.tickets[47] = {"id": 47, "status": status, "external_id": None}
    server.audits[47] = []


_TICKET = CreateTicket(
    subject="Return R-1", message="Please call", email="ana@example.com", name="Ana", priority="high"
)

ZENDESK = Suite(
    server=ZendeskServer,
    credentials=zendesk.CREDENTIALS,
    cases={
        "create_ticket": Case(
            given=_TICKET,
            answer=HelpdeskTicket(ticket_id="35436", url="URL/agent/tickets/35436", status="new"),
            count=lambda server: len(server.tickets),
            forgets=ZendeskServer.forget,
        ),
        "add_comment": Case(
            given=AddComment(ticket_id="47", message="It has arrived"),
            answer=HelpdeskTicket(ticket_id="47", url="URL/agent/tickets/47", status="open"),
            count=lambda server: len(server.audits[47]),
            before=_ticket,
        ),
        "close": Case(
            given=CloseTicket(ticket_id="47"),
            answer=HelpdeskTicket(ticket_id="47", url="URL/agent/tickets/47", status="solved"),
            count=lambda server: int(server.tickets[47]["status"] == "solved"),
            before=_ticket,
            again=False,
        ),
    },
    refused=[
        (
            "create_ticket",
            CreateTicket(subject="a", message="b", email="nobody"),
            "Zendesk answered 422: Requester: Email:  nobody is not properly formatted",
        )
    ],
    missing=[("add_comment", AddComment(ticket_id="9", message="a")), ("close", CloseTicket(ticket_id="../users"))],
)

_ADDRESS = Address(
    name="Mr Hippo", line1="965 Mission St #572", city="San Francisco", region="CA", postcode="94103", country="US"
)
_PARCEL = Rates(recipient=_ADDRESS, sender=_ADDRESS, weight_kg=1.5, length_cm=30, width_cm=20, height_cm=10)
_PRIORITY = CarrierRate(rate_id=shippo.RATE, carrier="USPS", service="Priority Mail", price=Money("5.5", "USD"), days=2)
_OVERNIGHT = CarrierRate(
    rate_id="ec9f0d3adc9441449c85d315f0997fd5",
    carrier="FedEx",
    service="Priority Overnight",
    price=Money("24.30", "USD"),
    days=1,
)
_GROUND = CarrierRate(
    rate_id="cf6fea899f1848b494d9568e8266e076", carrier="UPS", service="Ground", price=Money("9.1", "USD")
)
SHIPPO = Suite(
    server=ShippoServer,
    credentials=shippo.CREDENTIALS,
    cases={
        "rates": Case(
            given=_PARCEL,
            answer=CarrierRates(rates=[_PRIORITY, _GROUND, _OVERNIGHT], cheapest=_PRIORITY, fastest=_OVERNIGHT),
            count=lambda server: 0,
            reads=True,
        ),
        "buy_label": Case(
            given=BuyLabel(rate_id=shippo.RATE),
            answer=CarrierLabel(
                label_id="915d94940ea54c3a80cbfa328722f5a0",
                label_url=shippo.LABEL,
                tracking_number="92701901755477000000000011",
                tracking_url="https://tools.usps.com/go/TrackConfirmAction.action",
            ),
            count=lambda server: len(server.transactions),
            again=False,
        ),
        "track": Case(
            given=TrackParcel(carrier="usps", tracking_number="SHIPPO_TRANSIT"),
            answer=CarrierTrack(
                status="on_the_way",
                details="Your shipment has departed from the origin.",
                location="San Francisco, CA, US",
                at=datetime(2026, 3, 4, 8, 30, tzinfo=UTC),
                estimated_at=datetime(2026, 3, 6, tzinfo=UTC),
            ),
            count=lambda server: 0,
            reads=True,
        ),
    },
    refused=[
        (
            "rates",
            structs.replace(_PARCEL, recipient=Address(name="Ana", country="ES")),
            "Shippo answered 400: street1: This field is required.",
        ),
        (
            "rates",
            structs.replace(_PARCEL, recipient=structs.replace(_ADDRESS, country="AQ")),
            "no carrier makes an offer: UPS does not serve this destination",
        ),
        (
            "rates",
            structs.replace(_PARCEL, sender=None),
            "it is not said who sends: give `sender`, or add the setting sender to Shippo",
        ),
    ],
    missing=[
        ("buy_label", BuyLabel(rate_id="another")),
        ("track", TrackParcel(carrier="none", tracking_number="1")),
    ],
)

HUBSPOT = Suite(
    server=HubSpotServer,
    credentials=hubspot.CREDENTIALS,
    cases={
        "upsert_contact": Case(
            given=UpsertContact(email="ana@example.com", first_name="Ana", attributes={"points": 7, "vip": True}),
            answer=CrmContact(contact_id="512", created=True),
            count=lambda server: len(server.records["contacts"]),
            again=False,
            later=CrmContact(contact_id="512"),
        ),
        "create_deal": Case(
            given=CreateDeal(name="Quote 7", amount=Money("950.00", "EUR"), contact_id="512", close_on="2026-04-01"),
            answer=CrmDeal(deal_id="512"),
            count=lambda server: len(server.records["deals"]),
        ),
    },
    refused=[
        ("upsert_contact", UpsertContact(email="nobody"), "HubSpot answered 400: Email address nobody is invalid"),
        (
            "create_deal",
            CreateDeal(name="a", stage="x"),
            "HubSpot answered 400: x is not a valid pipeline stage ID",
        ),
    ],
)

_BILL = Bill(
    reference="1042",
    name="Ana",
    email="ana@example.com",
    items=[InvoiceLine(title="Mug", quantity=2, price=Money("24.50", "EUR"))],
    due_on="2026-03-20",
)
_TOTAL = Money("49.00", "EUR")
_OPEN = OpenItem(
    document_id=xero.INVOICE, number="INV-0041", due=_TOTAL, reference="1041", name="Ana", due_on="2026-03-20"
)
XERO = Suite(
    server=XeroServer,
    credentials=xero.CREDENTIALS,
    settings=xero.SETTINGS,
    where="/api.xro/",
    cases={
        "create_invoice": Case(
            given=_BILL,
            answer=AccountingDocument(
                document_id=xero.INVOICE, number="INV-0041", status="AUTHORISED", total=_TOTAL, due=_TOTAL
            ),
            count=lambda server: len(server.kept["Invoices"]),
            forgets=XeroServer.forget,
        ),
        "create_credit_note": Case(
            given=_BILL,
            answer=AccountingDocument(
                document_id=xero.CREDIT_NOTE, number="CN-0002", status="AUTHORISED", total=_TOTAL, due=_TOTAL
            ),
            count=lambda server: len(server.kept["CreditNotes"]),
            forgets=XeroServer.forget,
        ),
        "record_payment": Case(
            given=RecordPayment(document_id=xero.INVOICE, amount=Money("10.00", "EUR"), reference="bank 7"),
            answer=AccountingPayment(payment_id=xero.PAYMENT),
            count=lambda server: len(server.kept["Payments"]),
            before=XeroServer.add_invoice,
            forgets=XeroServer.forget,
        ),
        "open_items": Case(
            given=OpenItems(email="ana@example.com", reference="1041", due_before="2026-04-01"),
            answer=OpenItemList(items=[_OPEN], count=1, total=_TOTAL),
            count=lambda server: 0,
            before=XeroServer.add_invoice,
            reads=True,
        ),
    },
    refused=[
        (
            "create_invoice",
            structs.replace(_BILL, items=[InvoiceLine(title="Mug", price=_TOTAL, account="999")]),
            "Xero answered 400: Account code '999' is not a valid code for this document.",
        ),
        ("create_credit_note", structs.replace(_BILL, items=[InvoiceLine(title="Mug")]), "Mug has no price"),
        (
            "record_payment",
            RecordPayment(document_id=xero.INVOICE, amount=Money("99.00", "EUR")),
            "Xero answered 400: Payment amount exceeds the amount outstanding on this document",
        ),
    ],
)

AKENEO = Suite(
    server=AkeneoServer,
    credentials=akeneo.CREDENTIALS,
    settings=akeneo.SETTINGS,
    where="/api/rest/",
    cases={
        "product": Case(
            given=ReadProduct(sku="top", locale="fr-FR"),
            answer=PimProduct(
                product_id=akeneo.UUID,
                sku="top",
                enabled=True,
                family="tshirt",
                categories=["summer_collection"],
                values={
                    "name": "Débardeur",
                    "description": "Débardeur pour l'été",
                    "price": [{"amount": "15.5", "currency": "EUR"}],
                    "color": "black",
                },
            ),
            count=lambda server: 0,
            reads=True,
        )
    },
    missing=[("product", ReadProduct(sku="gone")), ("product", ReadProduct(sku="../system-information"))],
)

_LINES = [
    GoodsLine(sku="MUG-1", quantity=4, price=Money("12.00", "EUR")),
    GoodsLine(sku="POT-2", quantity=1, price=Money("40.00", "EUR")),
]
_QUOTE = CreateQuote(
    email="bo@example.com",
    name="Bo",
    items=_LINES,
    discount_percent=10,
    delivery=Money("9.00", "EUR"),
    reference="Q-7",
    valid_until="2026-04-01",
)
ODOO = Suite(
    server=OdooServer,
    credentials=odoo.CREDENTIALS,
    settings=odoo.SETTINGS,
    cases={
        "create_purchase_order": Case(
            given=CreatePurchaseOrder(supplier="Azure Interior", items=_LINES, expected_on="2026-03-20", confirm=True),
            answer=ErpOrder(
                order_id="7",
                number="P00007",
                status="purchase",
                total=Money("88.00", "EUR"),
                url="URL/my/orders/7",
            ),
            count=lambda server: len(server.tables["purchase.order"]),
        ),
        "receive_goods": Case(
            given=ReceiveGoods(order_id="7", items=[GoodsLine(sku="MUG-1", quantity=3)]),
            answer=StockMove(move_id="12", number="WH/IN/00012", status="done"),
            count=OdooServer.booked,
            before=OdooServer.add_purchase,
        ),
        "move_stock": Case(
            given=MoveStock(items=_LINES, reference="R-1"),
            answer=StockMove(move_id="7", number="WH/IN/00007", status="done"),
            count=OdooServer.booked,
        ),
        "create_quote": Case(
            given=_QUOTE,
            answer=ErpOrder(
                order_id="7", number="S00007", status="sent", total=Money("88.20", "EUR"), url="URL/my/orders/7"
            ),
            count=lambda server: len(server.tables["sale.order"]),
        ),
        "credit_check": Case(
            given=CreditCheck(email="Ana@example.com", amount=Money("400.00", "EUR")),
            answer=Credit(known=True, approved=False, limit=Money("500.00", "EUR"), outstanding=Money("120.00", "EUR")),
            count=lambda server: 0,
            empty={"known": False},
            reads=True,
        ),
    },
    refused=[
        ("create_quote", structs.replace(_QUOTE, email="bo"), "Odoo refused: Invalid email address"),
        (
            "create_quote",
            structs.replace(_QUOTE, items=[GoodsLine(sku="MUG-1")]),
            "some lines have a price and some have none: give all of them one, delivery too, or none",
        ),
        (
            "receive_goods",
            ReceiveGoods(order_id="7", items=[GoodsLine(sku="DELIVERY")]),
            "DELIVERY was not expected",
        ),
        (
            "credit_check",
            CreditCheck(email="ana@example.com", amount=Money("400.00", "USD")),
            "the books are in EUR: ask for an amount in it, not in USD",
        ),
    ],
    missing=[
        ("create_purchase_order", CreatePurchaseOrder(supplier="nobody", items=_LINES)),
        ("create_quote", structs.replace(_QUOTE, items=[GoodsLine(sku="GONE", price=Money("1.00", "EUR"))])),
        ("receive_goods", ReceiveGoods(order_id="8")),
        ("move_stock", MoveStock(items=_LINES, source="WH9/Stock")),
    ],
)

SUITES: Mapping[str, Suite] = {
    "zendesk": ZENDESK,
    "hubspot": HUBSPOT,
    "shippo": SHIPPO,
    "xero": XERO,
    "odoo": ODOO,
    "akeneo": AKENEO,
}
"""By the names of the registry."""
