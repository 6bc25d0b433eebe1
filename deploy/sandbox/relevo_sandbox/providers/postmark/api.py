"""The Postmark sandbox: `POST /email`, its errors included.

Source: Postmark's API reference, "Email API" and "API overview".
"""

import uuid
from email.utils import parseaddr
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector
from relevo_sandbox.mime import mail_of

NAME = "postmark"
MEANING = {
    10: (401, "The Server Token you provided in the X-Postmark-Server-Token request header was invalid."),
    300: (422, "Invalid email request"),
    400: (422, "The 'From' address you supplied is not a Sender Signature on your account."),
    402: (422, "Invalid JSON"),
    405: (422, "Not allowed to send: you ran out of credits."),
    406: (422, "You tried to send to a recipient that has been marked as inactive."),
    429: (429, "Rate limit exceeded"),
    500: (500, "Internal server error"),
    1235: (422, "The 'MessageStream' provided does not exist on this server."),
}
_OWN = {"x-pm-keepid"}


class PostmarkSandbox:
    """Answers as Postmark does. Any server works whose token is `token`; empty accepts every token."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/email", self.email, methods=["POST"])]

    async def email(self, request: Request) -> Response:
        """Take a mail: 200 with its MessageID, or an error in Postmark's form."""
        given = request.headers.get("x-postmark-server-token", "")
        if not given or (self._token and given != self._token):
            return _error(10)
        try:
            mail = msgspec.json.decode(await request.body(), type=dict[str, Any])
        except msgspec.DecodeError:
            return _error(402)
        fault = self._fault_injector.api(NAME)
        code = {"busy": 429, "fail": 500}.get(fault or "", 0) or self._take(mail)
        if code:
            return _error(code)
        if fault == "vanish":
            return Response(status_code=502)
        said = {"To": mail["To"], "MessageID": str(uuid.uuid4()), "ErrorCode": 0, "Message": "OK"}
        return JSONResponse(said)

    def _take(self, mail: dict[str, Any]) -> int:
        """Store the mail; else the error code."""
        code = _fault_of(mail) or self._fault_injector.refusal(NAME, parseaddr(mail["To"])[1])
        if code:
            return code
        try:
            content = _mime(mail)
        except (ValueError, KeyError, TypeError):
            return 300
        self._box.put_mail(content, parseaddr(mail["From"])[1], [parseaddr(mail["To"])[1]])
        return 0


def _fault_of(mail: dict[str, Any]) -> int:
    whole = all(isinstance(mail.get(name), str) and mail[name] for name in ("From", "To"))
    return 0 if whole and (mail.get("TextBody") or mail.get("HtmlBody")) else 300


def _error(code: int) -> Response:
    status, meaning = MEANING.get(code, (422, "Error"))
    return JSONResponse({"ErrorCode": code, "Message": meaning}, status_code=status)


def _mime(mail: dict[str, Any]) -> bytes:
    """The mail as it would arrive."""
    headers = [(name, str(mail.get(name, ""))) for name in ("From", "To", "Subject")]
    given = [(header["Name"], header["Value"]) for header in mail.get("Headers", [])]
    headers += [(name, value) for name, value in given if name.lower() not in _OWN]
    return mail_of(headers, str(mail.get("TextBody", "")), str(mail.get("HtmlBody") or ""))
