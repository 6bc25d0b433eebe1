"""What a browser alone can read: Message Encryption for Web Push (RFC 8291) in the coding aes128gcm (RFC 8188)."""

import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relevo_notifier.providers.webpush.vapid import public_bytes

RECORD = 4096
"""Bytes of a message that every push service takes (RFC 8030 section 7.2); one is one record."""
LARGEST = RECORD - 16 - 4 - 1 - 65 - 1 - 16
"""Bytes that fit in: without salt, record size, key length, key, delimiter and tag."""
_LAST = b"\x02"


def encrypted(
    plain: bytes,
    p256dh: bytes,
    auth: bytes,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of a message for a browser with these keys. Raises `ValueError` for keys that are none, or too much.

    `key` and `salt` are new for each message; they are only given to compare with the example of the RFC.
    """
    if len(plain) > LARGEST:
        raise ValueError(f"the message has {len(plain)} bytes, of which {LARGEST} can be sent")
    key, salt = key or ec.generate_private_key(ec.SECP256R1()), salt or os.urandom(16)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh))
    ours = public_bytes(key)
    secret = _derived(shared, auth, b"WebPush: info\0" + p256dh + ours, 32)
    content_key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(content_key).encrypt(nonce, plain + _LAST, None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
