"""The Vonage sandbox: `POST /sms/json`, its errors included.

Source: Vonage's API reference, "SMS API", and "Troubleshooting SMS".
"""

import uuid
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_sandbox.box import Box
from relevo_sandbox.faults import FaultInjector

NAME = "vonage"


class VonageSandbox:
    """Answers as Vonage does. Any key works whose secret is `token`; an empty token accepts all."""

    def __init__(self, box: Box, fault_injector: FaultInjector, token: str = "") -> None:
        self._box = box
        self._fault_injector = fault_injector
        self._token = token

    def routes(self) -> list[Route]:
        """Where the API is served."""
        return [Route("/sms/json", self.send, methods=["POST"])]

    async def send(self, request: Request) -> Response:
        """Take a text: always 200; whether it was taken stands inside."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        to, text = f"+{form.get('to', '')}", form.get("text", "")
        if self._token and form.get("api_secret") != self._token:
            return _answer("4", "Bad Credentials")
        fault = self._fault_injector.api(NAME)
        if fault == "fail":
            return Response(status_code=500)
        wrong = "1" if fault == "busy" else self._wrong(to, form)
        if wrong:
            return _answer(wrong, "Throughput Rate Exceeded" if wrong == "1" else "refused")
        name = uuid.uuid4().hex[:16].upper()
        effect = request.headers.get("x-relevo-effect", "")
        self._box.put_sms(to=to, sender=form["from"], text=text, sid=name, effect=effect)
        return Response(status_code=502) if fault == "vanish" else _answer("0", "", name)

    def _wrong(self, to: str, form: dict[str, str]) -> str:
        code = self._fault_injector.refusal(NAME, to)
        if code:
            return str(code)
        if not all(form.get(name) for name in ("to", "from", "text")):
            return "2"
        return "" if to[1:].isdigit() else "3"


def _answer(status: str, words: str, name: str = "") -> Response:
    part = {"status": status, "message-id": name} if status == "0" else {"status": status, "error-text": words}
    return JSONResponse({"message-count": "1", "messages": [part]})
