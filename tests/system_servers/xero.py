"""The books of an organisation at Xero, and the server that gives out tokens.

From its OpenAPI document of accounting (examples of Contacts, Invoices, CreditNotes, Payments, Organisation; the schema
Error), and "Custom connections" for the token.
"""

import json as text
import re
from base64 import b64encode
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.platform_servers.server import PlatformServer, json

CLIENT, SECRET = "the-client", "the-secret"
CREDENTIALS = {"client_id": CLIENT, "client_secret": SECRET}
SETTINGS = {"sales_account": "200", "bank_account": "090", "tax_type": "OUTPUT2", "identity": "URL"}
INVOICE, CREDIT_NOTE = "243216c5-369e-4056-ac67-05388f86dc81", "aea95d78-ea48-456b-9b08-6bc012600072"
PAYMENT = "99ea7f6b-c513-4066-bc27-b7c65dcd76c2"
CONTACT = "430fa14a-f945-44d3-9f97-5df5e28441b8"
_BASIC = "Basic " + b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
_REFERENCE = re.compile(r'Reference=="([^"]*)"')
_EMAIL = re.compile(r'EmailAddress=="([^"]*)"')
_NAME = re.compile(r'Name=="([^"]*)"')
_STARTS = re.compile(r'Reference\.StartsWith\("([^"]*)"\)')
_BEFORE = re.compile(r"DueDate<DateTime\((\d+),(\d+),(\d+)\)")


class XeroServer(PlatformServer):
    """What is in the books, by its name in answers; `keys` are what it remembers of idempotency."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, list[dict[str, Any]]] = {"Contacts": [], "Invoices": [], "CreditNotes": [], "Payments": []}
        self.keys: dict[str, Response] = {}
        self.token = "eyJ.the-first"
        self.given_out = 0

    def forget(self) -> None:
        """Time passes."""
        self.keys.clear()

    def add_invoice(self) -> None:
        """An invoice that is not paid."""
        who = {"ContactID": CONTACT, "Name": "Ana", "EmailAddress": "ana@example.com"}
        self.kept["Contacts"].append(who)
        one = {"Type": "ACCREC", "Contact": who, "Reference": "1041 [0123456789abcdef]", "CurrencyCode": "EUR"}
        self._write("Invoices", {**one, "Status": "AUTHORISED", "DueDate": "2026-03-20", "LineItems": [_LINE]})

    async def answer(self, request: Request, body: bytes) -> Response:
        if request.url.path == "/connect/token":
            return self._token(request, body)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            detail = {"Type": None, "Title": "Unauthorized", "Status": 401, "Detail": "AuthenticationUnsuccessful"}
            return json(detail, 401)
        name, where = request.url.path.rpartition("/")[2], request.query_params.get("where", "")
        if name == "Organisation":
            return _ok("Organisations", [{"Name": "Demo Company (ES)", "BaseCurrency": "EUR"}])
        if request.method == "GET":
            return _ok(name, self._found(name, where, request))
        key = request.headers["idempotency-key"]
        assert len(key) <= 128
        if key not in self.keys:
            self.keys[key] = self._put(name, text.loads(body)[name][0])
        return self.keys[key]

    def _token(self, request: Request, body: bytes) -> Response:
        assert b"grant_type=client_credentials" in body
        if request.headers.get("authorization") != _BASIC:
            return json({"error": "invalid_client"}, 400)
        self.given_out += 1
        return json({"access_token": self.token, "expires_in": 1800, "token_type": "Bearer", "scope": "accounting"})

    def _found(self, name: str, where: str, request: Request) -> list[dict[str, Any]]:
        found = self.kept[name]
        if name == "Contacts":
            email, named = _EMAIL.search(where), _NAME.search(where)
            return [
                one
                for one in found
                if (email and one.get("EmailAddress") == email[1]) or (named and one["Name"] == named[1])
            ]
        if wanted := _REFERENCE.search(where):
            found = [one for one in found if one["Reference"] == wanted[1]]
        if starts := _STARTS.search(where):
            found = [one for one in found if one["Reference"].startswith(starts[1])]
        if before := _BEFORE.search(where):
            found = [one for one in found if one["DueDateString"][:10] < "-".join(before.groups())]
        if "AmountDue>0" in where:
            found = [one for one in found if one["AmountDue"] > 0]
        contact = request.query_params.get("ContactIDs")
        return [one for one in found if contact is None or one["Contact"]["ContactID"] == contact]

    def _put(self, name: str, given: dict[str, Any]) -> Response:
        if name == "Payments":
            return self._pay(given)
        wrong = [one for one in given["LineItems"] if one["AccountCode"] != "200"]
        if wrong:
            return _invalid(f"Account code '{wrong[0]['AccountCode']}' is not a valid code for this document.")
        who = given["Contact"]
        if "ContactID" not in who:
            who = {"ContactID": CONTACT, **who}
            self.kept["Contacts"].append(who)
        else:
            who = next(one for one in self.kept["Contacts"] if one["ContactID"] == who["ContactID"])
        return _ok(name, [self._write(name, {**given, "Contact": who})])

    def _write(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        total = sum(one["Quantity"] * one["UnitAmount"] for one in given["LineItems"])
        number = len(self.kept[name])
        one = {"CurrencyCode": "EUR", **given, "Total": float(total), "SubTotal": float(total), "TotalTax": 0.0}
        if name == "Invoices":
            one |= {"InvoiceID": _nth(INVOICE, number), "InvoiceNumber": f"INV-{41 + number:04}"}
            one |= {"AmountDue": float(total), "AmountPaid": 0.0, "DueDateString": f"{given['DueDate']}T00:00:00"}
        else:
            one |= {"CreditNoteID": _nth(CREDIT_NOTE, number), "CreditNoteNumber": f"CN-{2 + number:04}"}
            one |= {"RemainingCredit": float(total)}
        self.kept[name].append(one)
        return one

    def _pay(self, given: dict[str, Any]) -> Response:
        invoice = next(
            (one for one in self.kept["Invoices"] if one["InvoiceID"] == given["Invoice"]["InvoiceID"]), None
        )
        if invoice is None:
            return _invalid("Invoice could not be found")
        if given["Amount"] > invoice["AmountDue"]:
            return _invalid("Payment amount exceeds the amount outstanding on this document")
        invoice["AmountDue"] -= given["Amount"]
        one = {**given, "PaymentID": _nth(PAYMENT, len(self.kept["Payments"])), "Status": "AUTHORISED"}
        self.kept["Payments"].append(one)
        return _ok("Payments", [one])


_LINE = {"Description": "Mug", "Quantity": 2, "UnitAmount": 24.5, "AccountCode": "200"}


def _nth(first: str, number: int) -> str:
    """The first id is that of the document's example."""
    return first if number == 0 else f"{first[:-4]}{number:04}"


def _ok(name: str, listed: list[dict[str, Any]]) -> Response:
    head = {"Id": "ccece84a-075c-4fcd-9073-149d4f7a91cf", "Status": "OK", "ProviderName": "Relevo"}
    return json({**head, "DateTimeUTC": "/Date(1552327126164)/", name: listed})


def _invalid(message: str) -> Response:
    elements = [{"HasErrors": True, "ValidationErrors": [{"Message": message}]}]
    words = "A validation exception occurred"
    return json({"ErrorNumber": 10, "Type": "ValidationException", "Message": words, "Elements": elements}, 400)
