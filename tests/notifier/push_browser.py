"""A browser that takes push messages: it reads what it alone can read, written from RFC 8291 and RFC 8188."""

import base64
import hmac
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
"""The user agent's keys in the example of RFC 8291, appendix A."""


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(body: bytes) -> bytes:
    """What was sent to the browser, by the steps of RFC 8291 section 3.4."""
    salt, size, sender = body[:16], int.from_bytes(body[16:20], "big"), body[21 : 21 + body[20]]
    assert len(body) <= size
    key = ec.derive_private_key(int.from_bytes(raw(PRIVATE), "big"), ec.SECP256R1())
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
    prk = hmac.digest(raw(SECRET), shared, "sha256")
    ikm = hmac.digest(prk, b"WebPush: info\0" + raw(PUBLIC) + sender + b"\x01", "sha256")
    prk = hmac.digest(salt, ikm, "sha256")
    content_key = hmac.digest(prk, b"Content-Encoding: aes128gcm\0\x01", "sha256")[:16]
    nonce = hmac.digest(prk, b"Content-Encoding: nonce\0\x01", "sha256")[:12]
    plain = AESGCM(content_key).decrypt(nonce, body[21 + body[20] :], None)
    assert plain.endswith(b"\x02")
    return plain[:-1]


def shown(text: str) -> dict[str, Any]:
    """What a message of the sandbox says to the browser."""
    return msgspec.json.decode(read(base64.b64decode(text)), type=dict[str, Any])
