"""The Mailgun sandbox: `POST /v3/DOMAIN/messages.mime`, its errors included.

Source: Mailgun's API reference, "Send an email in MIME format", and "API response codes".
"""

import base64
from email import message_from_bytes, policy
from email.utils import parseaddr

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

NAME = "mailgun"
_FAULTS = {"busy": (429, "Too many requests"), "fail": (500, "Internal Server Error")}


class MailgunSandbox:
    """Answers as Mailgun does. Any key works that is `token`; empty accepts every key."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/v3/{domain}/messages.mime", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a mail: 200 with its id, which is its Message-ID, or an error in Mailgun's form."""
        if not self._known(request):
            return Response("Forbidden", status_code=401)
        fault = self._fault_injector.api(NAME)
        if fault in _FAULTS:
            return _said(*_FAULTS[fault])
        fields = _fields(request.headers.get("content-type", ""), await request.body())
        to, content = fields.get("to", b"").decode(), fields.get("message", b"")
        if not to or b"\r\n\r\n" not in content:
            return _said(400, "to parameter is missing" if not to else "message parameter is missing")
        if self._fault_injector.refusal(NAME, to):
            return _said(400, "to parameter is not a valid address. please check documentation")
        mail = message_from_bytes(content, policy=policy.default)
        self._box.put_mail(content, parseaddr(str(mail["From"]))[1], [to])
        if fault == "vanish":
            return Response(status_code=502)
        return JSONResponse({"id": str(mail["Message-ID"]), "message": "Queued. Thank you."})

    def _known(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return False
        user, _, key = base64.b64decode(given).decode().partition(":")
        return user == "api" and bool(key) and (not self._token or key == self._token)


def _said(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)


def _fields(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a form (RFC 7578), as they are: a mail must come out as it went in."""
    boundary = b"\r\n--" + content_type.partition("boundary=")[2].encode()
    fields = {}
    for part in (b"\r\n" + body).split(boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        fields[name] = value
    return fields
