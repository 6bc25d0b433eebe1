"""The MessageBird sandbox: `POST /messages`, its errors included.

Source: MessageBird's API reference, "SMS messaging" and "API errors".
"""

import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

NAME = "messagebird"


class MessageBirdSandbox:
    """Answers as MessageBird does. The access key is `token`; an empty token accepts all."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/messages", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a text: 201 with its id, or errors in MessageBird's form."""
        if self._token and request.headers.get("authorization", "") != f"AccessKey {self._token}":
            return _error(401, 2, "Request not allowed (incorrect access_key)")
        fault = self._fault_injector.api(NAME)
        if fault in _FAULTS:
            return _error(*_FAULTS[fault])
        try:
            text = msgspec.json.decode(await request.body(), type=dict[str, Any])
            [number] = text["recipients"]
            sender, body = text["originator"], text["body"]
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            return _error(422, 9, "no (correct) recipients found")
        to = f"+{number}"
        if self._fault_injector.refusal(NAME, to) or not str(number).isdigit():
            return _error(422, 10, "recipients is invalid")
        name = uuid.uuid4().hex
        effect = request.headers.get("x-relevo-effect", "")
        self._box.put_sms(to=to, sender=sender, text=body, sid=name, effect=effect)
        if fault == "vanish":
            return Response(status_code=502)
        return JSONResponse({"id": name, "reference": text.get("reference"), "body": body}, status_code=201)


_FAULTS = {"busy": (429, 0, "Too many requests"), "fail": (500, 99, "Internal error")}


def _error(status: int, code: int, words: str) -> Response:
    error = {"code": code, "description": words, "parameter": None}
    return JSONResponse({"errors": [error]}, status_code=status)
