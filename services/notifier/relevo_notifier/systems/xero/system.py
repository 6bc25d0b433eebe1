"""Xero as accounting."""

from datetime import datetime

from relevo_contracts.systems.accounting import (
    AccountingDocument,
    AccountingPayment,
    Bill,
    OpenItemList,
    OpenItems,
    RecordPayment,
)
from relevo_notifier.core.systems import Access, Conversation, Declined, System, SystemCall, Token
from relevo_notifier.systems.xero import replies, requests

INVOICES, CREDIT_NOTES = "Invoices", "CreditNotes"


def sign_in(access: Access, now: datetime) -> Conversation[Token]:
    """A token of the custom connection."""
    return replies.token((yield requests.token(access)), access, now)


def create_invoice(given: Bill, call: SystemCall) -> Conversation[AccountingDocument]:
    """Writes an invoice."""
    return (yield from _create(INVOICES, given, call))


def create_credit_note(given: Bill, call: SystemCall) -> Conversation[AccountingDocument]:
    """Writes a credit note."""
    return (yield from _create(CREDIT_NOTES, given, call))


def _create(kind: str, given: Bill, call: SystemCall) -> Conversation[AccountingDocument]:
    """Asks first for the document of an earlier attempt; whoever is not known yet is added with it."""
    access = call.access
    if call.repeated:
        listed = yield requests.documents(kind, given.reference, access, call.reference)
        known = replies.document(listed, access, kind)
        if known is not None:
            return known
    found = yield requests.contacts(given.name, given.email, access)
    contact = replies.contact(found, access, given.name, given.email)
    if given.vat_number and "ContactID" not in contact:
        contact["TaxNumber"] = given.vat_number
    made = yield requests.document(kind, given, contact, call)
    written = replies.document(made, access, kind)
    if written is None:
        raise Declined("Xero wrote nothing")
    return written


def record_payment(given: RecordPayment, call: SystemCall) -> Conversation[AccountingPayment]:
    """Asks first for the payment of an earlier attempt."""
    if call.repeated:
        known = replies.payment((yield requests.payments(given, call.access, call.reference)), call.access)
        if known is not None:
            return known
    booked = replies.payment((yield requests.payment(given, call)), call.access)
    if booked is None:
        raise Declined("Xero booked nothing")
    return booked


def open_items(given: OpenItems, call: SystemCall) -> Conversation[OpenItemList]:
    """Asks for the customer first, where an address is given; nobody owes nothing."""
    contact_id = ""
    if given.email:
        contact_id = replies.contact_id((yield requests.contacts("", given.email, call.access)), call.access)
        if not contact_id:
            return OpenItemList(items=[])
    listed = yield requests.open_invoices(given, contact_id, call.access)
    return replies.open_items(listed, call.access, given.reference)


def probe(access: Access) -> Conversation[str]:
    """Whose books they are."""
    return replies.organisation((yield requests.organisation(access)), access)


XERO = System(
    name="xero",
    title="Xero",
    port="accounting",
    base_url="https://api.xero.com",
    credentials={
        "client_id": "developer.xero.com, My Apps, an app of the type custom connection: its client id",
        "client_secret": "the same page: a client secret",
    },
    settings={
        "sales_account": "the code of the account that invoices are booked to, such as 200",
        "bank_account": "optional: the code of the account where payments arrive",
        "tax_type": "optional: the tax type of lines that name none, such as OUTPUT2",
        "tenant": "optional: the tenant's id, for an app that is not a custom connection",
        "identity": "optional: another server that gives out tokens",
    },
    operations={
        "create_invoice": create_invoice,
        "create_credit_note": create_credit_note,
        "record_payment": record_payment,
        "open_items": open_items,
    },
    probe=probe,
    sign_in=sign_in,
)
