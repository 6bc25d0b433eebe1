"""What Plivo tells: what became of texts, and what people write.

Source: Plivo, "Message status callbacks", "Handling incoming messages", "SMS error codes", "Signature validation" and
its Python library. Version 3 signs the address, the parameters and a nonce. Version 2, which is all that some webhooks
for messages have, signs the address without its parameters and a nonce: such a nonce is believed once. Callbacks come
in any order; Plivo joins the parts of a long message.
"""

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC
from urllib.parse import parse_qs, urlsplit, urlunsplit

from relevo_contracts.keywords import Command
from relevo_notifier.app.ports import NotAuthenticError, WebhookForm, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.providers.plivo.options import PlivoOptions
from relevo_notifier.providers.sms_webhooks import REFERENCE, Told, e164, parameters, public_addresses
from relevo_notifier.providers.webhooks import each, same
from relevo_runtime.clock import SystemClock

NONCES_KEPT = 100_000
_KINDS: dict[str, FeedbackKind] = {"delivered": "delivered", "undelivered": "bounced", "failed": "bounced"}
_COMMANDS: Mapping[str, Command] = {"optout": "stop", "optin": "start", "help": "help"}
_STOPPED = "200"
_NO_SUCH_NUMBER = {"50", "70"}


class PlivoWebhook:
    """Both at one address: each text names it, and so does the application of the numbers (`message_url`, POST)."""

    form = WebhookForm(methods=("GET", "POST"), thanks="<Response/>", media_type="application/xml")

    def __init__(self, options: PlivoOptions) -> None:
        self._url = options.callback
        self._token = options.token.get_secret_value()
        self._nonces: OrderedDict[str, bytes] = OrderedDict()
        self._clock = SystemClock()  # the times of a callback have no zone

    def missing(self) -> str:
        """The account's token, and the address that Plivo calls and signs."""
        return "" if self._token and self._url else "set RELEVO_NOTIFIER_PLIVO_TOKEN and _CALLBACK"

    async def read(self, request: WebhookRequest) -> list[Told]:
        """The one status, or message, of a request."""
        told = parameters(request)
        addresses = public_addresses(self._url, request.query)
        if "x-plivo-signature-v3" in request.headers or "x-plivo-signature-ma-v3" in request.headers:
            self._check_whole(request, addresses)
        else:
            self._check_address(request, addresses)
        return each("plivo", [told], self._told)

    def _check_whole(self, request: WebhookRequest, addresses: list[str]) -> None:
        nonce = request.headers.get("x-plivo-signature-v3-nonce", "")
        body = parameters(WebhookRequest(request.headers, request.body)) if request.method == "POST" else {}
        wanted = [signature_v3(self._token, one, nonce, body) for one in addresses]
        if not _is_one_of(request.headers, "v3", wanted):
            raise NotAuthenticError("the signature is wrong; it is one over RELEVO_NOTIFIER_PLIVO_CALLBACK")

    def _check_address(self, request: WebhookRequest, addresses: list[str]) -> None:
        nonce = request.headers.get("x-plivo-signature-v2-nonce", "")
        wanted = [signature_v2(self._token, one, nonce) for one in addresses]
        if not nonce or not _is_one_of(request.headers, "v2", wanted):
            raise NotAuthenticError("the signature is missing or wrong; it is one over RELEVO_NOTIFIER_PLIVO_CALLBACK")
        digest = hashlib.sha256(request.query.encode() + b"\n" + request.body).digest()
        if self._nonces.setdefault(nonce, digest) != digest:
            raise NotAuthenticError("the nonce was used already, for another request")
        if len(self._nonces) > NONCES_KEPT:
            self._nonces.popitem(last=False)

    def _told(self, told: Mapping[str, str]) -> Told | None:
        return self._feedback(told) if "Status" in told else _inbound(told)

    def _feedback(self, told: Mapping[str, str]) -> Feedback | None:
        status, code = told["Status"], told.get("ErrorCode", "")
        kind = _KINDS.get(status)
        if kind is None:
            return None
        return Feedback(
            reference=told.get(REFERENCE, ""),
            kind=kind,
            event_id=f"{told.get('MessageUUID', '')}/{status}",
            at=self._clock.now().astimezone(UTC),
            address=e164(told.get("To", "")),
            permanent=code in _NO_SUCH_NUMBER or code == _STOPPED,
            suppress=code == _STOPPED,
            status=code,
            reason=f"{status}, error {code}" if code else status,
        )


def _inbound(told: Mapping[str, str]) -> Inbound:
    media = told.get("MediaCount", "")
    return Inbound(
        message_id=told.get("MessageUUID", ""),
        address=e164(told.get("From", "")),
        own=told.get("To", ""),
        text=told.get("Text") or told.get("Body", ""),
        command=_COMMANDS.get(told.get("MessageIntent", "").lower()),
        attachments=int(media) if media.isdecimal() else 0,
    )


def _is_one_of(headers: Mapping[str, str], version: str, wanted: list[str]) -> bool:
    """Whether a signature of the request is wanted: by the token of the account, or of the main account (`ma`)."""
    given = [headers.get(f"x-plivo-signature-{version}", ""), headers.get(f"x-plivo-signature-ma-{version}", "")]
    found = [one.strip() for listed in given for one in listed.split(",")]
    return True in [same(one, two) for one in found for two in wanted]  # each is compared, whichever fits


def signature_v2(token: str, address: str, nonce: str) -> str:
    """What Plivo signs a request to `address` with; its parameters are left out."""
    plain = urlunsplit(urlsplit(address)._replace(query="", fragment=""))
    return _signed(token, plain + nonce)


def signature_v3(token: str, address: str, nonce: str, form: Mapping[str, str]) -> str:
    """What Plivo signs a request to `address` with; `form` is the body's, of a POST."""
    parts = urlsplit(address)
    asked = parse_qs(parts.query, keep_blank_values=True)
    query = "&".join(f"{name}={value}" for name in sorted(asked) for value in sorted(asked[name]))
    base = urlunsplit(parts._replace(query="", fragment=""))
    if query or form:
        base += f"?{query}"
    if query and form:
        base += "."
    posted = "".join(f"{name}{form[name]}" for name in sorted(form))
    return _signed(token, f"{base}{posted}.{nonce}")


def _signed(token: str, text: str) -> str:
    return base64.b64encode(hmac.digest(token.encode(), text.encode("utf-8", "replace"), "sha256")).decode()
