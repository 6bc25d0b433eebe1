"""The Brevo sandbox: `POST /v3/smtp/email`, its errors included.

Source: Brevo's API reference, "Send a transactional email", "Error codes", and "Idempotency for batch emails".
"""

import uuid
from email import policy
from email.parser import Parser
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector
from relevo_sandbox.mime import mail_of, mailbox

NAME = "brevo"
_OWN = {"idempotencykey"}
_FAULTS = {
    "busy": (429, "too_many_requests", "Too many requests"),
    "fail": (500, "internal_error", "Internal server error"),
}


class BrevoSandbox:
    """Answers as Brevo does. Any key works that is `token`; empty accepts every key."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token
        self._used: set[str] = set()

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/v3/smtp/email", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a mail: 201 with its messageId, or an error in Brevo's form."""
        key = request.headers.get("api-key", "")
        if not key or (self._token and key != self._token):
            return _error(401, "unauthorized", "Key not found")
        fault = self._fault_injector.api(NAME)
        if fault in _FAULTS:
            return _error(*_FAULTS[fault])
        try:
            mail = msgspec.json.decode(await request.body(), type=dict[str, Any])
            to, content, once = _mime(mail)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            return _error(400, "invalid_parameter", f"{type(error).__name__}")
        refused = self._refused(to, once)
        if refused is not None:
            return refused
        self._used.add(once)
        self._box.put_mail(content, mail["sender"]["email"], [to])
        if fault == "vanish":
            return Response(status_code=502)
        return JSONResponse({"messageId": f"<{uuid.uuid4()}@smtp-relay.example.com>"}, status_code=201)

    def _refused(self, to: str, once: str) -> Response | None:
        if self._fault_injector.refusal(NAME, to):
            return _error(400, "invalid_parameter", "email is not valid in to")
        if once in self._used:
            return _error(400, "duplicate_parameter", "idempotencyKey was used already")
        return None


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status_code=status)


def _mime(mail: dict[str, Any]) -> tuple[str, bytes, str]:
    """Recipient, the mail as it would arrive, and the idempotency key. Raises `ValueError` for what Brevo refuses."""
    [to] = mail["to"]
    given: dict[str, str] = mail.get("headers", {})
    if not mail["subject"] or not all(value.isascii() for value in given.values()):
        raise ValueError("the subject is missing, or a header is not ASCII")
    headers = [
        ("From", mailbox(_plain(mail["sender"].get("name", "")), mail["sender"]["email"])),
        ("To", mailbox(_plain(to.get("name", "")), to["email"])),
        ("Subject", mail["subject"]),
        *((name, value) for name, value in given.items() if name.lower() not in _OWN),
    ]
    once = str(uuid.UUID(given["idempotencyKey"])) if "idempotencyKey" in given else str(uuid.uuid4())
    return to["email"], mail_of(headers, mail.get("textContent", ""), mail.get("htmlContent", "")), once


def _plain(name: str) -> str:
    """A name, of encoded words too. One that is not ASCII and has a special character is dropped, as Brevo does."""
    if not name.isascii() and set(name) & set(',.;:<>()[]"@'):
        return ""
    return str(Parser(policy=policy.default).parsestr(f"Subject: {name}\n\n")["Subject"])
