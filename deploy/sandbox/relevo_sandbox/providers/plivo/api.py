"""The Plivo sandbox: `POST /v1/Account/{id}/Message/`, its errors included.

Source: Plivo's API reference, "Message".
"""

import base64
import binascii
import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

NAME = "plivo"


class PlivoSandbox:
    """Answers as Plivo does. Any account works whose token is `token`; an empty token accepts all."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/v1/Account/{account}/Message/", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a text: 202 with its uuid, or an error in Plivo's form."""
        if self._token and _token(request) != self._token:
            return _error(401, "Could not verify your access level for that URL")
        fault = self._fault_injector.api(NAME)
        if fault in _FAULTS:
            return _error(*_FAULTS[fault])
        try:
            text = msgspec.json.decode(await request.body(), type=dict[str, Any])
            to, sender, body = text["dst"], text["src"], text["text"]
        except (msgspec.DecodeError, KeyError, TypeError):
            return _error(400, "dst, src and text are needed")
        if self._fault_injector.refusal(NAME, to) or not to.removeprefix("+").isdigit():
            return _error(400, f"{to} is not a valid phone number")
        name = str(uuid.uuid4())
        effect = request.headers.get("x-relevo-effect", "")
        self._box.put_sms(to=to, sender=sender, text=body, sid=name, effect=effect)
        if fault == "vanish":
            return Response(status_code=502)
        queued = {"message": "message(s) queued", "message_uuid": [name], "api_id": str(uuid.uuid4())}
        return JSONResponse(queued, status_code=202)


_FAULTS = {"busy": (429, "Too many requests"), "fail": (500, "Internal server error")}


def _error(status: int, words: str) -> Response:
    return JSONResponse({"api_id": str(uuid.uuid4()), "error": words}, status_code=status)


def _token(request: Request) -> str:
    try:
        given = base64.b64decode(request.headers.get("authorization", "").partition(" ")[2]).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return given.partition(":")[2]
