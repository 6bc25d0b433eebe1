"""What Xero's answers mean. Sources: as in `requests`; the schema Error with its Elements and ValidationErrors."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from relevo_contracts.parts import Money
from relevo_contracts.systems.accounting import AccountingDocument, AccountingPayment, OpenItem, OpenItemList
from relevo_notifier.core.replies import Replied
from relevo_notifier.core.systems import Access, SignedOut, Token, succeeded
from relevo_notifier.systems.xero.requests import quotable, untagged

_GONE = ("VOIDED", "DELETED")


class Granted(Struct, frozen=True):
    """A token."""

    access_token: str
    expires_in: int


class Contact(Struct, frozen=True, rename="pascal"):
    """A customer in the books."""

    contact_id: str = msgspec.field(name="ContactID")
    name: str = ""
    email_address: str | None = None


class Document(Struct, frozen=True, rename="pascal"):
    """An invoice or a credit note."""

    status: str
    total: Decimal = Decimal(0)
    currency_code: str = ""
    reference: str = ""
    amount_due: Decimal | None = None
    remaining_credit: Decimal | None = None
    due_date_string: str = ""
    contact: dict[str, Any] = {}
    invoice_id: str = msgspec.field(name="InvoiceID", default="")
    invoice_number: str = ""
    credit_note_id: str = msgspec.field(name="CreditNoteID", default="")
    credit_note_number: str = ""


class Payment(Struct, frozen=True, rename="pascal"):
    """A payment."""

    payment_id: str = msgspec.field(name="PaymentID")
    status: str = ""


class Organisation(Struct, frozen=True, rename="pascal"):
    """Whose books they are."""

    name: str


def token(reply: Replied, access: Access, now: datetime) -> Token:
    """The token. A client that Xero does not know, or no longer, is refused with 400 or 401."""
    if reply.status in (400, 401, 403):
        raise SignedOut(access, str(reply.body.get("error", "")) if isinstance(reply.body, Mapping) else "")
    found = msgspec.convert(succeeded(reply, access), Granted)
    return Token(found.access_token, now + timedelta(seconds=found.expires_in))


def contact(reply: Replied, access: Access, name: str, email: str) -> dict[str, str]:
    """Who is meant: whoever has the address, else somebody new, whose name nobody else has."""
    found = _listed(reply, access, "Contacts", Contact)
    known = next((one for one in found if email and (one.email_address or "").lower() == email.lower()), None)
    if known is not None:
        return {"ContactID": known.contact_id}
    taken = email and any(one.name == name for one in found)
    named = {"Name": f"{name} ({email})" if taken else name}
    return {**named, "EmailAddress": email} if email else named


def contact_id(reply: Replied, access: Access) -> str:
    """The first customer found; empty: there is none."""
    found = _listed(reply, access, "Contacts", Contact)
    return found[0].contact_id if found else ""


def document(reply: Replied, access: Access, kind: str) -> AccountingDocument | None:
    """The first document that still counts."""
    found = [one for one in _listed(reply, access, kind, Document) if one.status not in _GONE]
    return _as_answer(found[0]) if found else None


def payment(reply: Replied, access: Access) -> AccountingPayment | None:
    """The first payment that still counts."""
    found = [one for one in _listed(reply, access, "Payments", Payment) if one.status not in _GONE]
    return AccountingPayment(payment_id=found[0].payment_id) if found else None


def open_items(reply: Replied, access: Access, own: str) -> OpenItemList:
    """What is owed, of this reference of the shop where one is given."""
    wanted, listed = quotable(own), _listed(reply, access, "Invoices", Document)
    found = [one for one in listed if wanted in ("", untagged(one.reference))]
    items = [_open_item(one) for one in found]
    currencies = {one.due.currency for one in items}
    total = None
    if len(currencies) == 1:
        total = _money(sum((one.amount_due or Decimal(0) for one in found), Decimal(0)), currencies.pop())
    return OpenItemList(items=items, count=len(items), total=total)


def organisation(reply: Replied, access: Access) -> str:
    """Whose books they are."""
    found = _listed(reply, access, "Organisations", Organisation)
    return str(found[0].name)


def _listed(reply: Replied, access: Access, name: str, kind: type[Any]) -> list[Any]:
    body = succeeded(reply, access, _words(reply))
    listed = body.get(name) if isinstance(body, Mapping) else None
    return msgspec.convert(listed, list[kind], strict=False)  # type: ignore[valid-type]  # made of what is asked for


def _as_answer(found: Document) -> AccountingDocument:
    due = found.amount_due if found.amount_due is not None else found.remaining_credit
    return AccountingDocument(
        document_id=found.invoice_id or found.credit_note_id,
        number=found.invoice_number or found.credit_note_number,
        status=found.status,
        total=_money(found.total, found.currency_code),
        due=_money(due or Decimal(0), found.currency_code),
    )


def _open_item(found: Document) -> OpenItem:
    return OpenItem(
        document_id=found.invoice_id,
        number=found.invoice_number,
        due=_money(found.amount_due or Decimal(0), found.currency_code),
        reference=untagged(found.reference),
        name=str(found.contact.get("Name", "")),
        due_on=found.due_date_string[:10],
    )


def _money(amount: Decimal, currency: str) -> Money:
    return msgspec.convert({"amount": f"{amount:.2f}", "currency": currency}, Money)


def _words(reply: Replied) -> str:
    """What Xero says of a refusal: the words about each element, else those about all."""
    body = reply.body if isinstance(reply.body, Mapping) else {}
    elements = body.get("Elements")
    words = [
        error["Message"]
        for element in (elements if isinstance(elements, list) else ())
        for error in element.get("ValidationErrors", ())
        if isinstance(error, Mapping) and isinstance(error.get("Message"), str)
    ]
    message = next((body[name] for name in ("Message", "Detail") if isinstance(body.get(name), str)), "")
    return "; ".join(dict.fromkeys(words)) or message
