"""The signed links in messages: whoever has the token may do the one thing that it names, and can't make up another.

A token is signed, not encrypted: it holds ids and at most a masked address. An unsubscribe link has no end, since it
must work for as long as the message is kept.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from relevo_runtime.errors import RuntimeFault

_MAC_BYTES = 16
_SHORTEST_SECRET = 16


class BadToken(RuntimeFault):
    """The token was not made by us, or was cut on its way."""

    def __init__(self) -> None:
        super().__init__("this link is not valid; it may have been cut when it was copied")


class SecretTooShort(RuntimeFault, ValueError):  # noqa: N818 - as RuntimeFault, whose subclasses read as what they are
    """The secret protects nothing: anybody could make a link."""

    def __init__(self) -> None:
        super().__init__(
            f"the secret of the links needs at least {_SHORTEST_SECRET} characters, or unsubscribe links can't be "
            "made and verified: set RELEVO_LINK_SECRET, to the same for ingest and the notifier"
        )


class Unsubscribe(Struct, frozen=True, array_like=True, tag="unsubscribe"):
    """Withdraws the consent of one customer for one channel. `address` is masked; links of older messages have none."""

    shop: str
    key: str
    channel: Literal["email", "sms"]
    address: str = ""


class Undo(Struct, frozen=True, array_like=True, tag="undo"):
    """Lifts the withdrawal of the instant `at`, which was made by the link `of`."""

    of: Unsubscribe
    at: datetime


class Confirm(Struct, frozen=True, array_like=True, tag="confirm"):
    """Confirms the sign-up `request` of a shop, or says that nobody asked for it: whoever reads the mail may."""

    shop: str
    request: str


class Visit(Struct, frozen=True, array_like=True, tag="visit"):
    """Says that whoever opens a page of the shop by it reads the mail of one customer, which went out at `at`."""

    shop: str
    key: str
    at: datetime


Link = Unsubscribe | Undo | Confirm | Visit
"""Everything that a token may stand for."""


def check_secret(secret: str) -> None:
    """Raises `SecretTooShort` if `secret` can't protect a link; for services to call when they start."""
    if len(secret) < _SHORTEST_SECRET:
        raise SecretTooShort


def masked(address: str) -> str:
    """As much of an address or number as its owner needs to know it: `a•••@example.com`, `•••23`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}•••@{domain}" if at else f"•••{address[-2:]}" if address else ""


def unsubscribe_token(secret: str, shop: str, key: str, channel: Literal["email", "sms"], address: str = "") -> str:
    """The token of an unsubscribe link; of `address` it shows what `masked` leaves. Raises `SecretTooShort`."""
    return token_of(secret, Unsubscribe(shop, key, channel, masked(address)))


def token_of(secret: str, link: Link) -> str:
    """The token of a link. Raises `SecretTooShort`."""
    body = msgspec.json.encode(link)
    return _text(body + _mac(secret, body))


def read_token(secret: str, token: str) -> Link:
    """What `token` stands for. Raises `BadToken`, or `SecretTooShort`, which is not the token's fault."""
    check_secret(secret)
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(secret, body)):
            raise BadToken
        link: Link = _decode(body)
        return link
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise BadToken from error


_decode = msgspec.json.Decoder(Unsubscribe | Undo | Confirm | Visit).decode


def _mac(secret: str, body: bytes) -> bytes:
    check_secret(secret)
    return hmac.digest(secret.encode(), b"relevo link\0" + body, hashlib.sha256)[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
