"""What MessageBird tells: status reports, which are GETs, and messages that are forwarded to a URL.

Source: MessageBird, "Verifying HTTP requests" and its libraries (a JSON Web Token over the SHA-256 of the address and
of the body, from `nbf` to `exp`), "Handle a status report", "Receive a message". Reports come in any order.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relevo_notifier.app.ports import NotAuthenticError, UnreadableError, WebhookRequest
from relevo_notifier.core.feedback import Feedback, FeedbackKind
from relevo_notifier.core.inbound import Inbound
from relevo_notifier.providers.messagebird.options import MessageBirdOptions
from relevo_notifier.providers.sms_webhooks import EITHER, Told, e164, parameters, public_addresses
from relevo_notifier.providers.webhooks import each, instant_of, json_of, same, text_at
from relevo_runtime.clock import Clock, SystemClock

_KINDS: dict[str, FeedbackKind] = {"delivered": "delivered", "delivery_failed": "bounced", "expired": "bounced"}
_NO_SUCH_NUMBER = {"1", "5", "9"}
_STOPPED = "103"
_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_SLACK = 1.0
"""Seconds by which the clocks may differ, as in its own libraries."""


class MessageBirdWebhook:
    """Both at one address. The report's is in each text; a flow or a number forwards what comes in."""

    form = EITHER

    def __init__(self, options: MessageBirdOptions, clock: Clock | None = None) -> None:
        self._url = options.callback
        self._key = options.signing_key.get_secret_value()
        self._clock = clock or SystemClock()

    def missing(self) -> str:
        """The key that signs, and the address that is signed."""
        return "" if self._key and self._url else "set RELEVO_NOTIFIER_MESSAGEBIRD_SIGNING_KEY and _CALLBACK"

    async def read(self, request: WebhookRequest) -> list[Told]:
        """The one report, or message, of a request."""
        claims = claims_of(self._key, request.headers.get("messagebird-signature-jwt", ""))
        self._check(claims, request)
        return each("messagebird", [parameters(request)], _told)

    def _check(self, claims: Mapping[str, Any], request: WebhookRequest) -> None:
        now = self._clock.now().timestamp()
        start, end = claims.get("nbf"), claims.get("exp")
        if not isinstance(start, int | float) or not isinstance(end, int | float):
            raise NotAuthenticError("the token does not say when it is valid")
        if claims.get("iss") != "MessageBird" or not start - _SLACK <= now < end + _SLACK:
            raise NotAuthenticError("the token is not MessageBird's, or not valid at this time")
        addresses = public_addresses(self._url, request.query)
        if text_at(claims, "url_hash") not in [_digest(one.encode()) for one in addresses]:
            raise NotAuthenticError("the token is for another address than RELEVO_NOTIFIER_MESSAGEBIRD_CALLBACK")
        wanted = _digest(request.body) if request.body else ""
        if not same(text_at(claims, "payload_hash"), wanted):
            raise NotAuthenticError("the token is for another body")


def claims_of(key: str, token: str) -> Mapping[str, Any]:
    """What a signed token claims. Raises `NotAuthenticError` if `key` did not sign it."""
    signed, _, given = token.rpartition(".")
    try:
        head, claims = (json_of(_decoded(part)) for part in signed.split("."))
        method = _HASHES.get(text_at(head, "alg"), "")
        proof = hmac.digest(key.encode(), signed.encode(), method) if method else b""
        if proof and isinstance(claims, dict) and same(_decoded(given), proof):
            return claims
    except (ValueError, UnreadableError):
        pass
    raise NotAuthenticError("the token of the request is missing or wrong")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _told(told: Mapping[str, str]) -> Told | None:
    return _feedback(told) if "status" in told else _inbound(told)


def _feedback(told: Mapping[str, str]) -> Feedback | None:
    status, code = told["status"], told.get("statusErrorCode", "")
    kind = _KINDS.get(status)
    if kind is None:
        return None
    return Feedback(
        reference=told.get("reference", ""),
        kind=kind,
        event_id=f"{told.get('id', '')}/{status}",
        at=_at(told.get("statusDatetime", "")),
        address=e164(told.get("recipient", "")),
        permanent=code in _NO_SUCH_NUMBER or code == _STOPPED,
        suppress=code == _STOPPED,
        status=code,
        reason=", ".join(filter(None, (status, told.get("statusReason", ""), code and f"error {code}"))),
    )


def _at(text: str) -> datetime:
    return instant_of(text.replace(" ", "+"))  # a plus sign that came unescaped


def _inbound(told: Mapping[str, str]) -> Inbound:
    return Inbound(
        message_id=told.get("id") or told.get("message_id", ""),
        address=e164(told.get("originator") or told.get("sender", "")),
        own=told.get("recipient") or told.get("receiver", ""),
        text=told.get("body") or told.get("message") or told.get("payload", ""),
        attachments=int(told.get("mms", "").lower() in ("true", "1")),
    )
