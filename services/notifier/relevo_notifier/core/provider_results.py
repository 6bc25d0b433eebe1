"""What a provider says to a message, and how its codes are to be read.

Sources: RFC 5321 section 4.2.1 (4yz: try again, 5yz: don't), RFC 3463 (enhanced codes); Twilio, "Error and warning
dictionary".
"""

import re
from typing import TypeAlias

from msgspec import Struct


class Sent(Struct, frozen=True):
    """The provider took the message; `provider_id` is its own name for it."""

    provider_id: str
    detail: dict[str, str] = {}


class Rejected(Struct, frozen=True):
    """The provider will never take this message. `suppress`: nor any other to this address."""

    reason: str
    suppress: bool = False
    detail: dict[str, str] = {}


class TryLater(Struct, frozen=True):
    """The provider certainly did not take the message, and may do so later. `wait` is its own wish, in wall seconds."""

    reason: str
    wait: float = 0.0
    detail: dict[str, str] = {}


class Unknown(Struct, frozen=True):
    """The connection broke after the message was handed over: the provider may have taken it or not."""

    reason: str
    detail: dict[str, str] = {}


ProviderResult: TypeAlias = Sent | Rejected | TryLater | Unknown

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.6", "5.1.10"}
_ABOUT_US = {530, 534, 535, 538}  # RFC 4954: the server wants us to authenticate; no message is at fault


def read_smtp(code: int, text: str) -> ProviderResult:
    """How an SMTP reply to a message or its envelope is to be read."""
    match = _ENHANCED.match(text)
    enhanced = ".".join(match.groups()) if match else ""
    detail = {"smtp": str(code), "reply": text[:500]} | ({"enhanced": enhanced} if enhanced else {})
    said = f"the mail server answered {code} {text}"[:300]
    if 200 <= code < 300:
        return Sent(provider_id=text[:200], detail=detail)
    # A full mailbox is 5yz in many servers, and yet it passes (RFC 3463 section 3.3: X.2.2 is a persistent transient).
    if 400 <= code < 500 or code in _ABOUT_US or enhanced == "5.2.2":
        return TryLater(reason=said, detail=detail)
    return Rejected(reason=said, suppress=enhanced in _NO_SUCH_ADDRESS, detail=detail)


_STOPPED = {21610}  # the recipient answered STOP: Twilio sends them nothing any more
_CREDENTIALS = {401, 403, 404}  # the account or its token: every message would fail, none is at fault


def read_twilio(status: int, code: int, message: str, retry_after: float = 0.0) -> ProviderResult:
    """How an answer of Twilio's Messages resource other than 201 is to be read; `code` is 0 where it gave none."""
    detail = {"http": str(status)} | ({"code": str(code)} if code else {})
    said = f"Twilio answered {status}" + (f", error {code}: {message}" if code else "")
    if status == 429 or status in _CREDENTIALS or status == 503:
        return TryLater(reason=said, wait=retry_after, detail=detail)
    if status >= 500:
        return Unknown(reason=said, detail=detail)
    return Rejected(reason=said, suppress=code in _STOPPED, detail=detail)
