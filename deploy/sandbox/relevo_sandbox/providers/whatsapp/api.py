"""The WhatsApp sandbox: `POST /{version}/{phone number ID}/messages` of the Cloud API, its errors included.

Source: Meta, "Messages" and "Error codes" of the WhatsApp Business Platform.
"""

import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

NAME = "whatsapp"


class WhatsAppSandbox:
    """Answers as the Cloud API does. The access token is `token`; an empty token accepts all."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/v{version}/{number:int}/messages", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a message: 200 with its id, or an error in Meta's form."""
        if self._token and request.headers.get("authorization", "") != f"Bearer {self._token}":
            return _error(401, 190, "Invalid OAuth access token - Cannot parse access token")
        fault = self._fault_injector.api(NAME)
        if fault in _FAULTS:
            return _error(*_FAULTS[fault])
        try:
            message = msgspec.json.decode(await request.body(), type=dict[str, Any])
        except msgspec.DecodeError:
            message = {}
        number, text = str(message.get("to", "")), _text(message)
        if code := self._refusal(message, number, text):
            return _error(400, code, _WORDS.get(code, "Message undeliverable"))
        name = f"wamid.{uuid.uuid4().hex}"
        sender, effect = str(request.path_params["number"]), request.headers.get("x-relevo-effect", "")
        self._box.put_text(kind="whatsapp", to=f"+{number}", sender=sender, text=text, sid=name, effect=effect)
        if fault == "vanish":
            return Response(status_code=502)
        contacts = [{"input": number, "wa_id": number}]
        return JSONResponse({"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": name}]})

    def _refusal(self, message: dict[str, Any], number: str, text: str) -> int:
        """The error code by which the message is refused; 0: it is not."""
        if not number.isdigit() or message.get("messaging_product") != "whatsapp":
            return 100
        return self._fault_injector.refusal(NAME, f"+{number}") if text else 131008


_WORDS = {100: "Invalid parameter", 131008: "Required parameter is missing"}
_FAULTS = {"busy": (429, 130429, "Rate limit hit"), "fail": (500, 131000, "Something went wrong")}


def _text(message: dict[str, Any]) -> str:
    """What a person sees of it: the text, or the template's name with what goes into it."""
    if message.get("type") == "text":
        return str(message.get("text", {}).get("body", ""))
    template = message.get("template", {})
    parameters = [one for part in template.get("components", []) for one in part.get("parameters", [])]
    if any(one.get("type") == "text" and not one.get("text") for one in parameters):
        return ""
    return " · ".join([str(template.get("name", "")), *(str(one.get(one.get("type"), "")) for one in parameters)])


def _error(status: int, code: int, words: str) -> Response:
    error = {
        "message": f"(#{code}) {words}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": words},
        "fbtrace_id": "sandbox",
    }
    return JSONResponse({"error": error}, status_code=status)
