"""The sandbox of Amazon SES: `POST /v2/email/outbound-emails` with raw content, its errors included.

Source: Amazon SES API v2 reference, "SendEmail" and "Common errors". SES puts a Message-ID of its own. The sandbox
looks at whose key signed a request, and not at the signature.
"""

import base64
import binascii
import re
import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

NAME = "ses"
_KEY = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/[a-z0-9-]+/ses/aws4_request, SignedHeaders=\S+, Signature=\w+"
)
_MESSAGE_ID = re.compile(rb"^message-id:.*\r\n", re.IGNORECASE | re.MULTILINE)
_FROM = re.compile(rb"^from:.*?([^\s<>]+@[^\s<>]+)>?\r\n", re.IGNORECASE | re.MULTILINE)
MEANING = {
    "BadRequestException": (400, "The request is not valid."),
    "InternalFailure": (500, "An internal failure occurred."),
    "InvalidClientTokenId": (403, "The security token included in the request is invalid."),
    "MessageRejected": (400, "Email address is on the suppression list."),
    "TooManyRequestsException": (429, "Maximum sending rate exceeded."),
}


class SesSandbox:
    """Answers as SES does. Any request works that the key `token` signed; empty accepts every key."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/v2/email/outbound-emails", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a mail: 200 with its MessageId, or an error in AWS's form."""
        key = _KEY.fullmatch(request.headers.get("authorization", ""))
        if key is None or (self._token and key[1] != self._token):
            return _error("InvalidClientTokenId")
        try:
            wanted = msgspec.json.decode(await request.body(), type=dict[str, Any])
            [to] = wanted["Destination"]["ToAddresses"]
            content = base64.b64decode(wanted["Content"]["Raw"]["Data"], validate=True)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, binascii.Error):
            return _error("BadRequestException")
        fault = self._fault_injector.api(NAME)
        if fault in ("busy", "fail"):
            return _error("TooManyRequestsException" if fault == "busy" else "InternalFailure")
        if self._fault_injector.refusal(NAME, to):
            return _error("MessageRejected")
        message_id = f"0102{uuid.uuid4()}-000000"
        own = f"Message-ID: <{message_id}@email.amazonses.com>\r\n".encode()
        sender = _FROM.search(content)
        self._box.put_mail(_MESSAGE_ID.sub(own, content, count=1), sender[1].decode() if sender else "", [to])
        return Response(status_code=502) if fault == "vanish" else JSONResponse({"MessageId": message_id})


def _error(name: str) -> Response:
    status, meaning = MEANING[name]
    return JSONResponse({"message": meaning}, status_code=status, headers={"x-amzn-ErrorType": name})
