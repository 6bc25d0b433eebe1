"""The SendGrid sandbox: `POST /v3/mail/send`, its errors included.

Source: SendGrid's API reference, "Mail Send" (v3), "Errors" and "Rate limits".
"""

import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector
from relevo_sandbox.mime import mail_of, mailbox

NAME = "sendgrid"
_FAULTS = {"busy": (429, "too many requests"), "fail": (500, "Internal server error")}
_RESERVED = {"from", "to", "subject", "reply-to", "cc", "bcc", "received", "dkim-signature", "content-type"}


class SendGridSandbox:
    """Answers as SendGrid does. Any key works that is `token`; empty accepts every key."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/v3/mail/send", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a mail: 202 without a body, its id in a header, or an error in SendGrid's form."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key or (self._token and key != self._token):
            return _error(401, "The provided authorization grant is invalid, expired, or revoked")
        fault = self._fault_injector.api(NAME)
        if fault in _FAULTS:
            return _error(*_FAULTS[fault])
        try:
            mail = msgspec.json.decode(await request.body(), type=dict[str, Any])
            to, sender, content = _mime(mail)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            return _error(400, f"Bad Request: {type(error).__name__}")
        if self._fault_injector.refusal(NAME, to):
            return _error(400, "Does not contain a valid address.", "personalizations.0.to.0.email")
        self._box.put_mail(content, sender, [to])
        if fault == "vanish":
            return Response(status_code=502)
        return Response(status_code=202, headers={"X-Message-Id": uuid.uuid4().hex[:22]})


def _error(status: int, message: str, field: str | None = None) -> Response:
    return JSONResponse({"errors": [{"message": message, "field": field, "help": None}]}, status_code=status)


def _mime(mail: dict[str, Any]) -> tuple[str, str, bytes]:
    """Recipient, sender and the mail as it would arrive. Raises `ValueError` for what SendGrid does not take."""
    [to] = mail["personalizations"][0]["to"]
    given = mail.get("headers", {})
    if _RESERVED & {name.lower() for name in given} or not all(value.isascii() for value in given.values()):
        raise ValueError("headers has a reserved name, or a value that is not ASCII")
    texts = {part["type"]: part["value"] for part in mail["content"]}
    if not mail["subject"] or not all(texts.values()):
        raise ValueError("the subject and each content must have at least one character")
    headers = [
        ("From", mailbox(mail["from"].get("name", ""), mail["from"]["email"])),
        ("To", mailbox(to.get("name", ""), to["email"])),
        ("Subject", mail["subject"]),
        *given.items(),
    ]
    content = mail_of(headers, texts.get("text/plain", ""), texts.get("text/html", ""))
    return to["email"], mail["from"]["email"], content
