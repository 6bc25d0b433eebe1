"""The SMS sandbox: the part of Twilio's Messages API that sending needs.

Source: Twilio's API reference, "Messages resource" (create, read many) and "Error and warning dictionary".
"""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box, Message
from relevo_sandbox.faults import FaultInjector

MEANING = {
    20003: (401, "Authenticate"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
}


class SmsSandbox:
    """Answers as Twilio does. Any account works whose token is `token`; empty accepts every token."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        return [Route(path, self.create, methods=["POST"]), Route(path, self.list, methods=["GET"])]

    async def create(self, request: Request) -> Response:
        """Take a message: 201 with its sid, or an error in Twilio's form."""
        if not self._known(request):
            return _error(20003)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        fault = self._fault_injector.text()
        if fault == "busy":
            return _error(20429)
        to, sender, text = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        code = self._fault_injector.faults.sms_refuse.get(to, 0) or _fault_of(to, sender, text)
        if code:
            return _error(code)
        effect = request.headers.get("x-relevo-effect", "")
        sid = (
            "SM"
            + hashlib.md5(f"{len(self._box.messages(0, 1 << 60))}/{to}".encode(), usedforsecurity=False).hexdigest()
        )
        message = self._box.put_sms(to=to, sender=sender, text=text, sid=sid, effect=effect)
        if fault == "vanish":
            return Response(status_code=502)
        return JSONResponse(_resource(request.path_params["account"], message), status_code=201)

    async def list(self, request: Request) -> Response:
        """The messages to one number, the newest first: how a sender finds out what became of a request."""
        if not self._known(request):
            return _error(20003)
        account = request.path_params["account"]
        found = [_resource(account, m) for m in self._box.texts_to(request.query_params.get("To", ""))]
        size = int(request.query_params.get("PageSize", 50))
        return JSONResponse({"messages": found[:size], "page": 0, "page_size": size, "next_page_uri": None})

    def _known(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        _, _, token = base64.b64decode(given).decode().partition(":")
        return not self._token or token == self._token


def _fault_of(to: str, sender: str, text: str) -> int:
    if not to:
        return 21604
    if not to.startswith("+") or not to[1:].isdigit() or not 7 <= len(to) <= 16:
        return 21211
    if not sender:
        return 21603
    if not text:
        return 21602
    return 21617 if len(text) > 1600 else 0


def _error(code: int) -> Response:
    status, meaning = MEANING.get(code, (400, "Error"))
    more = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse({"code": code, "message": meaning, "more_info": more, "status": status}, status_code=status)


def _resource(account: str, message: Message) -> dict[str, Any]:
    return {
        "sid": message.id,
        "account_sid": account,
        "to": message.to,
        "from": message.sender,
        "body": message.text,
        "status": "queued",
        "direction": "outbound-api",
        "num_segments": "1",
        "date_created": message.received,
        "date_sent": message.received,
        "error_code": None,
        "error_message": None,
        "uri": f"/2010-04-01/Accounts/{account}/Messages/{message.id}.json",
    }
