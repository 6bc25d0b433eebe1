"""How Vonage's answers to `POST /sms/json` are to be read: with status 200 in case of errors, too.

Source: Vonage, "Troubleshooting SMS": `messages` has an entry for each part of the text, whose `status` is 0 if it was
accepted.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from relevo_notifier.core.prices import TOLD
from relevo_notifier.core.provider_results import ProviderResult, Rejected, Sent, TryLater, Unknown, concern_of

_PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,12})?")
_REFUSED_ALL = {401, 402, 403, 404, 405, 429, 503}
_OF_MESSAGE = {"2", "3", "6", "7", "12", "22", "29", "33"}  # all else is about the account, or will pass
_NEVER = {"7", "33"}  # the number is barred, or was given up by its owner


def read_vonage(status: int, body: Mapping[str, Any], retry_after: float = 0.0) -> ProviderResult:
    """How an answer is to be read; `body` is its JSON, empty if there was none."""
    parts = _parts(body)
    codes = [str(one.get("status", "")) for one in parts]
    wrong = next((one for one in parts if str(one.get("status", "")) != "0"), {})
    code, words = str(wrong.get("status", "")), str(wrong.get("error-text", ""))[:200]
    detail = {"http": str(status)} | ({"code": code} if code else {})
    reason = f"Vonage answered {status}" + (f", status {code}: {words}" if code else "")
    if status == 200 and "0" in codes:
        return _taken(parts, detail, reason)
    if status in _REFUSED_ALL or 300 <= status < 400:
        return TryLater(reason, retry_after, detail, concern=concern_of(status))
    if status == 200 and code:
        return (
            Rejected(reason, code in _NEVER, detail) if code in _OF_MESSAGE else TryLater(reason, retry_after, detail)
        )
    if 400 <= status < 500:
        return Rejected(reason, detail=detail)
    return Unknown(reason, detail)


def _taken(parts: list[Mapping[str, Any]], detail: dict[str, str], reason: str) -> ProviderResult:
    """Some of the parts are on their way, so the text is not sent again whatever became of the others."""
    taken = [one for one in parts if str(one.get("status", "")) == "0"]
    name = taken[0].get("message-id")
    if not isinstance(name, str) or not name:
        return Unknown(f"{reason} without a message-id", detail)
    detail |= {TOLD: price} if (price := _price(taken)) else {}
    return Sent(name, detail if len(taken) == len(parts) else {**detail, "parts": f"{len(taken)} of {len(parts)}"})


def _price(taken: list[Mapping[str, Any]]) -> str:
    """What the parts cost together (`message-price`), as far as each says it; Vonage names no currency."""
    prices = [str(one.get("message-price", "")) for one in taken]
    return f"{sum(map(Decimal, prices), Decimal(0)):f}" if all(map(_PRICE.fullmatch, prices)) else ""


def _parts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = body.get("messages")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
