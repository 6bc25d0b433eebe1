"""Who sends push messages, as push services want to be told: VAPID (RFC 8292), a JWT signed with ES256 (RFC 7515)."""

import base64
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_VALID = timedelta(hours=12)
"""RFC 8292 section 2: no longer than 24 hours."""
_RENEWED = timedelta(hours=11)
_HALF = 32
_HEADER = {"typ": "JWT", "alg": "ES256"}


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url, padded or not. Raises `ValueError`."""
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)


def private_key_of(text: str) -> ec.EllipticCurvePrivateKey:
    """The key of 32 bytes as base64url. Raises `ValueError`, which says what to do."""
    try:
        raw = decoded(text)
        if len(raw) != _HALF:
            raise ValueError(f"it has {len(raw)} bytes")
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    except ValueError as error:
        raise ValueError(f"it is not a private key of 32 bytes in base64url ({error}): `relevo push-keys`") from None


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key as 65 bytes, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Vapid:
    """Signs for one key and subject; a token is good for all messages to a push service, for half a day."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, subject: str) -> None:
        self._key = key
        self._subject = subject
        self._public = encoded(public_bytes(key))
        self._tokens: dict[str, tuple[datetime, str]] = {}

    def authorization(self, origin: str, now: datetime) -> str:
        """The value of `Authorization` for messages to the push service at `origin`."""
        signed_at, token = self._tokens.get(origin, (None, ""))
        if signed_at is None or not signed_at <= now < signed_at + _RENEWED:
            token = self._signed(origin, now)
            self._tokens[origin] = now, token
        return f"vapid t={token}, k={self._public}"

    def _signed(self, origin: str, now: datetime) -> str:
        claims = {"aud": origin, "exp": int((now + _VALID).timestamp()), "sub": self._subject}
        signed = f"{encoded(msgspec.json.encode(_HEADER))}.{encoded(msgspec.json.encode(claims))}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encoded(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"
