"""The signed links in messages: whoever has the token may do the one thing that it names, and can't make up another.

A token is signed, not encrypted: it holds ids and at most a masked address. An unsubscribe link has no end, since it
must work for as long as the message is kept.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from functools import lru_cache

import msgspec
from msgspec import Struct

from relevo_contracts.contact import Channel
from relevo_contracts.mailboxes import masked as masked  # noqa: PLC0414 - what links show of an address
from relevo_contracts.sending import Sent
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
    channel: Channel
    address: str = ""


class Undo(Struct, frozen=True, array_like=True, tag="undo"):
    """Lifts the withdrawal of the instant `at`, which was made by the link `of`."""

    of: Unsubscribe
    at: datetime


class Confirm(Struct, frozen=True, array_like=True, tag="confirm"):
    """Confirms the sign-up `request` of a shop, or says that nobody asked for it: whoever reads the mail may."""

    shop: str
    request: str


class Preferences(Struct, frozen=True, array_like=True, tag="preferences"):
    """Shows and changes what one customer gets; `channel` and the masked `address` are those of the message.

    Whoever has it can stop messages for ever; until a while after `at`, when the message went out, agree to some too.
    """

    shop: str
    key: str
    channel: Channel
    address: str
    at: datetime


class Visit(Struct, frozen=True, array_like=True, tag="visit"):
    """Says that whoever opens a page of the shop by it reads the mail of one customer, which went out at `at`."""

    shop: str
    key: str
    at: datetime


class Redirect(Struct, frozen=True, array_like=True, omit_defaults=True, tag="go"):
    """Leads from the link `number` of a message to `url`, which is ASCII, and to nowhere else.

    `visit`: whoever follows it is known to the page there, as by `Visit`.
    """

    of: Sent
    url: str
    number: int
    visit: bool = False


class Opening(Struct, frozen=True, array_like=True, tag="open"):
    """A picture that a message shows when it is opened."""

    of: Sent


class Asked(Struct, frozen=True, array_like=True, tag="survey"):
    """Shows the survey that a message asked, and takes what its reader answers."""

    of: Sent


Link = Unsubscribe | Undo | Confirm | Visit | Redirect | Opening | Preferences | Asked
"""Everything that a token may stand for."""


def check_secret(secret: str) -> None:
    """Raises `SecretTooShort` if `secret` can't protect a link; for services to call when they start.

    It may be several, of that length each, with commas between them: the first signs, links of the others still work.
    """
    if len(secret) < _SHORTEST_SECRET:
        raise SecretTooShort


def unsubscribe_token(secret: str, shop: str, key: str, channel: Channel, address: str = "") -> str:
    """The token of an unsubscribe link; of `address` it shows what `masked` leaves. Raises `SecretTooShort`."""
    return token_of(secret, Unsubscribe(shop, key, channel, masked(address)))


def token_of(secret: str, link: Link) -> str:
    """The token of a link. Raises `SecretTooShort`."""
    body = _encode(link)
    check_secret(secret)
    return _text(body + _mac(_several(secret)[0], body))


def read_token(secret: str, token: str) -> Link:
    """What `token` stands for. Raises `BadToken`, or `SecretTooShort`, which is not the token's fault."""
    check_secret(secret)
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        # A single secret with a comma in it was one before there were several.
        if not any(hmac.compare_digest(mac, _mac(one, body)) for one in (*_several(secret), secret)):
            raise BadToken
        link: Link = _decode(body)
        return link
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise BadToken from error


_decode = msgspec.json.Decoder(Unsubscribe | Undo | Confirm | Visit | Redirect | Opening | Preferences | Asked).decode
_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=8)
def _several(secret: str) -> tuple[str, ...]:
    parts = tuple(one.strip() for one in secret.split(","))
    return parts if all(len(one) >= _SHORTEST_SECRET for one in parts) else (secret,)


def _mac(secret: str, body: bytes) -> bytes:
    mac = _keyed(secret).copy()
    mac.update(body)
    return mac.digest()[:_MAC_BYTES]


@lru_cache(maxsize=8)  # to make one ready takes longer than to sign
def _keyed(secret: str) -> hmac.HMAC:
    return hmac.new(secret.encode(), b"relevo link\0", hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
