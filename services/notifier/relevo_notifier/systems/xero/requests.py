"""What Xero is asked. Sources: its OpenAPI document of accounting; "Custom connections" for tokens.

Documents and payments carry an idempotency key. How long Xero remembers one is not said, so each has our reference too,
in brackets behind the shop's own, and later attempts ask for it first.
"""

import re
from typing import Any

from relevo_contracts.systems.accounting import Bill, InvoiceLine, OpenItems, RecordPayment
from relevo_notifier.core.requests import basic_auth
from relevo_notifier.core.systems import Access, Ask, Declined, SystemCall, tagged

_API = "/api.xro/2.0"
IDENTITY = "https://identity.xero.com"
_SCOPES = "accounting.transactions accounting.contacts accounting.settings.read"
_TAG = re.compile(r" ?\[[0-9a-f]{16}\]$")
_UNFIT = re.compile(r'["\\\x00-\x1f]')


def token(access: Access) -> Ask:
    """A token, for half an hour."""
    client = access.credentials["client_id"], access.credentials["client_secret"]
    return Ask(
        method="POST",
        path="/connect/token",
        headers={"Authorization": basic_auth(*client)},
        form={"grant_type": "client_credentials", "scope": _SCOPES},
        elsewhere=access.settings.get("identity", "") or IDENTITY,
    )


def untagged(text: str) -> str:
    """The shop's reference alone."""
    return _TAG.sub("", text)


def contacts(name: str, email: str, access: Access) -> Ask:
    """Who has this address, or this name."""
    wanted = [f'EmailAddress=="{quotable(email)}"'] if email else []
    wanted += [f'Name=="{quotable(name)}"'] if name else []
    return _ask("GET", "/Contacts", access, query={"where": " OR ".join(wanted)})


def document(kind: str, given: Bill, contact: dict[str, str], call: SystemCall) -> Ask:
    """An invoice (`Invoices`) or a credit note (`CreditNotes`)."""
    access, reference = call.access, call.reference
    prices = [line.price for line in given.items if line.price is not None]
    currencies = {price.currency for price in prices}
    if len(currencies) > 1:
        raise Declined("the lines are in several currencies: an invoice has one")
    body: dict[str, Any] = {
        "Type": "ACCREC" if kind == "Invoices" else "ACCRECCREDIT",
        "Contact": contact,
        "LineAmountTypes": "Inclusive" if given.taxes_included else "Exclusive",
        "LineItems": [_line(line, access) for line in given.items],
        "Date": given.issued_on or call.today,
        "Reference": tagged(quotable(given.reference), reference),
        "Status": "DRAFT" if given.draft else "AUTHORISED",
    }
    if currencies:
        body["CurrencyCode"] = currencies.pop()
    if kind == "Invoices":
        body["DueDate"] = given.due_on or body["Date"]
    return _ask("PUT", f"/{kind}", access, query={"unitdp": "4"}, body={kind: [body]}, idempotency=reference)


def documents(kind: str, own: str, access: Access, reference: str) -> Ask:
    """The documents with our reference."""
    return _ask("GET", f"/{kind}", access, query={"where": f'Reference=="{tagged(quotable(own), reference)}"'})


def payment(given: RecordPayment, call: SystemCall) -> Ask:
    """Money that came for an invoice."""
    access, reference = call.access, call.reference
    account = given.account or access.settings.get("bank_account", "")
    if not account:
        raise Declined("it is not said where the money arrived: give `account`, or add bank_account to Xero")
    one = {
        "Invoice": {"InvoiceID": given.document_id},
        "Account": {"Code": account},
        "Date": given.paid_on or call.today,
        "Amount": float(given.amount.amount),
        "Reference": tagged(quotable(given.reference), reference),
    }
    return _ask("PUT", "/Payments", access, body={"Payments": [one]}, idempotency=reference)


def payments(given: RecordPayment, access: Access, reference: str) -> Ask:
    """The payments with our reference."""
    where = f'Reference=="{tagged(quotable(given.reference), reference)}"'
    return _ask("GET", "/Payments", access, query={"where": where})


def open_invoices(given: OpenItems, contact_id: str, access: Access) -> Ask:
    """Invoices that are not paid in full, the oldest first."""
    wanted = ['Type=="ACCREC"', 'Status=="AUTHORISED"', "AmountDue>0"]
    if given.due_before:
        year, month, day = given.due_before.split("-")
        wanted.append(f"DueDate<DateTime({year},{month},{day})")
    if given.reference:
        wanted.append(f'Reference.StartsWith("{quotable(given.reference)}")')
    query = {"where": " AND ".join(wanted), "order": "DueDate ASC", "page": "1", "pageSize": "100"}
    if contact_id:
        query["ContactIDs"] = contact_id
    return _ask("GET", "/Invoices", access, query=query)


def organisation(access: Access) -> Ask:
    """Whose books they are."""
    return _ask("GET", "/Organisation", access)


def _line(line: InvoiceLine, access: Access) -> dict[str, Any]:
    if line.price is None:
        raise Declined(f"{line.title} has no price")
    fields: dict[str, Any] = {
        "Description": line.title,
        "Quantity": line.quantity,
        "UnitAmount": float(line.price.amount),
        "AccountCode": line.account or access.settings.get("sales_account", ""),
    }
    tax = line.tax_code or access.settings.get("tax_type", "")
    return {**fields, "TaxType": tax} if tax else fields


def quotable(text: str) -> str:
    """Text inside of a filter's quotation marks, which know no escape."""
    return _UNFIT.sub("", text)


def _ask(
    method: str,
    path: str,
    access: Access,
    *,
    query: dict[str, str] | None = None,
    body: Any = None,
    idempotency: str = "",
) -> Ask:
    headers = {"Authorization": f"Bearer {access.token}"}
    if access.settings.get("tenant"):
        headers["xero-tenant-id"] = access.settings["tenant"]
    return Ask(
        method=method, path=f"{_API}{path}", query=query or {}, headers=headers, body=body, idempotency=idempotency
    )
