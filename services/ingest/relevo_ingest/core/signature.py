"""Is this request really from the shop? HMAC over the raw bytes, several valid secrets, constant time."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from relevo_ingest.core.errors import InvalidSignature

NOT_THE_SHOPS = (
    "the signature matches none of the shop's secrets, or there is no such shop: "
    "compare the address and the secret with `relevo shops list`"
)

_SIGNED_AT = re.compile(r"t=(\d{1,12})((?:,v1=[0-9a-f]{64}){1,4})", re.ASCII)
_VERSION = re.compile(r",v1=([0-9a-f]{64})")
_LONGEST_AGE = timedelta(minutes=5)
_DIGITS = 12


def hmac_base64(secret: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA256 over the raw body, as most platforms sign."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def verify_hmac_base64(secrets: Iterable[str], body: bytes, header: str | None, *, named: str, platform: str) -> None:
    """Raises `InvalidSignature` unless `header` is `hmac_base64` of `body` by one of `secrets`.

    `named` is the header's name, for who sends none. Every secret is tried, also after a match, so that the time tells
    nothing of which one fits.
    """
    try:
        claimed = binascii.a2b_base64(_given(header, named, platform), strict_mode=True)
    except (binascii.Error, ValueError):
        raise InvalidSignature(f"{named} is not base64") from None
    _verify(secrets, body, claimed)


def verify_hmac_hex(secrets: Iterable[str], body: bytes, header: str | None, *, named: str, platform: str) -> None:
    """As `verify_hmac_base64`, of a header that has the HMAC in hex digits."""
    try:
        claimed = bytes.fromhex(_given(header, named, platform))
    except ValueError:
        raise InvalidSignature(f"{named} is not hexadecimal") from None
    _verify(secrets, body, claimed)


def standard_webhook(secret: str, body: bytes, message: str, at: int) -> str:
    """The signature of Standard Webhooks (v1): base64 of the HMAC-SHA256 over `message.at.body`."""
    return "v1," + base64.b64encode(_of_message(secret, body, message, str(at))).decode()


def verify_standard_webhook(
    secrets: Iterable[str], body: bytes, header: str, *, message: str, at: str, received: datetime | None
) -> None:
    """Raises `InvalidSignature` unless one signature of `header` is `standard_webhook` by one of `secrets`.

    It must have been made within five minutes of `received`. Source: standardwebhooks.com, verification.
    """
    claimed = [part.partition(",")[2].encode() for part in header.split() if part.startswith("v1,")]
    expected = [base64.b64encode(_of_message(secret, body, message, at)) for secret in secrets]
    fits = [hmac.compare_digest(one, other) for one in expected for other in claimed]
    if not any(fits):
        raise InvalidSignature(NOT_THE_SHOPS)
    second = int(at) if at.isascii() and at.isdigit() and len(at) <= _DIGITS else 0
    if received is None or abs(received.timestamp() - second) > _LONGEST_AGE.total_seconds():
        raise InvalidSignature("the signature is not of the last five minutes")


def _of_message(secret: str, body: bytes, message: str, at: str) -> bytes:
    signed = f"{message}.{at}.".encode("utf-8", "surrogateescape") + body
    return hmac.digest(secret.encode(), signed, "sha256")


def verify_rsa_base64(body: bytes, pairs: Iterable[tuple[str, bytes]], *, named: str, platform: str) -> None:
    """Raises `InvalidSignature` unless one pair of a signature and its public key (PEM) fits `body`.

    A signature is base64 of RSA with SHA-256 (PKCS #1 v1.5). A pair without a signature or a key fits nothing.
    """
    given = [(signature, key) for signature, key in pairs if signature and key]
    if not given:
        raise InvalidSignature(f"{named} or the path of its public key is missing: {platform} sends both")
    if not any(_rsa_fits(body, signature, key) for signature, key in given):
        raise InvalidSignature(NOT_THE_SHOPS)


def _rsa_fits(body: bytes, signature: str, key: bytes) -> bool:
    try:
        public = load_pem_public_key(key)
        if not isinstance(public, RSAPublicKey):
            return False
        public.verify(base64.b64decode(signature, validate=True), body, PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, UnsupportedAlgorithm, WrongSignature):
        return False
    return True


def _given(header: str | None, named: str, platform: str) -> str:
    if not header:
        raise InvalidSignature(f"{named} is missing: {platform} signs every webhook with it")
    return header


def _verify(secrets: Iterable[str], body: bytes, claimed: bytes) -> None:
    fits = [hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256"), claimed) for secret in secrets]
    if not any(fits):
        raise InvalidSignature(NOT_THE_SHOPS)


def signed_at(secret: str, body: bytes, at: datetime) -> str:
    """`t=…,v1=…`: the second at which it was signed, and the hex of the HMAC-SHA256 over `t.body`.

    As the modules of this project sign what they send from a shop.
    """
    second = int(at.timestamp())
    return f"t={second},v1={_of_second(secret, body, second).hex()}"


def verify_signed_at(
    secrets: Iterable[str], body: bytes, header: str | None, received: datetime | None, *, named: str, platform: str
) -> None:
    """Raises `InvalidSignature` unless `header` is `signed_at` of `body` by one of `secrets`, of the last five minutes.

    A header may have several `v1`, of the secrets that hold while one replaces the other.
    """
    matched = _SIGNED_AT.fullmatch(_given(header, named, platform))
    if matched is None:
        raise InvalidSignature(f"{named} is not of the form t=SECONDS,v1=HEX")
    second = int(matched[1])
    claimed = [bytes.fromhex(one) for one in _VERSION.findall(matched[2])]
    expected = [_of_second(secret, body, second) for secret in secrets]
    fits = [hmac.compare_digest(one, other) for one in expected for other in claimed]
    if not any(fits):
        raise InvalidSignature(NOT_THE_SHOPS)
    if received is None or abs(received.timestamp() - second) > _LONGEST_AGE.total_seconds():
        raise InvalidSignature(f"{named} is not of the last five minutes: sign again, and look at the shop's clock")


def _of_second(secret: str, body: bytes, second: int) -> bytes:
    return hmac.digest(secret.encode(), b"%d." % second + body, "sha256")


def bearer_token(header: str | None) -> str:
    """The token of an `Authorization: Bearer` header. Raises `InvalidSignature` if there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidSignature("a bearer token is needed: Authorization: Bearer TOKEN")
    return token.strip()
