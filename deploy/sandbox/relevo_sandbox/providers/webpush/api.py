"""The sandbox of web push: a push service with a subscription for every name, its errors included.

Source: RFC 8030 sections 5 and 7, RFC 8292 section 4.2. What it takes is encrypted for the browser: it keeps the bytes.
"""

import base64
import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

NAME = "webpush"
_LARGEST = 4096


class WebPushSandbox:
    """Answers as push services do. `token` stands in the subject of whoever may send; an empty one accepts all."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where subscriptions are."""
        return [Route("/push/{device}", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a message: 201 with the place of the message, or a status that says what is wrong."""
        if self._token not in _subject(request.headers.get("authorization", "")):
            return Response(status_code=403)
        fault = self._fault_injector.api(NAME)
        if fault in _FAULTS:
            return Response(status_code=_FAULTS[fault])
        endpoint, body = str(request.url), await request.body()
        if status := self._refusal(request, endpoint, body):
            return Response(status_code=status)
        name, text = uuid.uuid4().hex, base64.b64encode(body).decode()
        effect, topic = request.headers.get("x-relevo-effect", ""), request.headers.get("topic", "")
        self._box.put_text(kind="push", to=endpoint, sender=topic, text=text, sid=name, effect=effect)
        if fault == "vanish":
            return Response(status_code=502)
        return Response(status_code=201, headers={"Location": f"{request.base_url}message/{name}"})

    def _refusal(self, request: Request, endpoint: str, body: bytes) -> int:
        """The status by which the message is refused; 0: it is not."""
        if request.headers.get("content-encoding") != "aes128gcm" or not request.headers.get("ttl", "").isdigit():
            return 400
        return 413 if len(body) > _LARGEST else self._fault_injector.refusal(NAME, endpoint)


_FAULTS = {"busy": 429, "fail": 500}


def _subject(authorization: str) -> str:
    """Who sends, by the token of VAPID; the signature is not looked at."""
    claims = authorization.partition("t=")[2].partition(",")[0].split(".")
    try:
        padded = claims[1] + "=" * (-len(claims[1]) % 4)
        found = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=dict[str, Any])
    except (IndexError, ValueError, msgspec.MsgspecError):
        return ""
    return str(found.get("sub", ""))
