"""A verifier of DKIM signatures by the letter of RFC 6376 section 6.1 and RFC 8463, for tests. It shares nothing with
what signs, and is itself held to the signed example of RFC 8463 (`test_dkim.py`).
"""

import base64
import hashlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


def verified(mail: bytes, keys: Mapping[str, PublicKey]) -> list[tuple[dict[str, str], bool]]:
    """The tags of each signature of a mail, from the top, and whether it is valid. `keys` are by selector."""
    head, body = mail.split(b"\r\n\r\n", 1)
    fields: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    signatures = [field for field in fields if field.lower().startswith(b"dkim-signature:")]
    return [(tags_of(one), _is_valid(one, fields, body, keys)) for one in signatures]


def tags_of(field: bytes) -> dict[str, str]:
    value = field.split(b":", 1)[1].decode()
    pairs = [tag.split("=", 1) for tag in value.split(";") if tag.strip()]
    return {name.strip(): "".join(text.split()) for name, text in pairs}


def _is_valid(signature: bytes, fields: list[bytes], body: bytes, keys: Mapping[str, PublicKey]) -> bool:
    tags = tags_of(signature)
    assert (tags["v"], tags["c"]) == ("1", "relaxed/relaxed")
    if base64.b64decode(tags["bh"]) != hashlib.sha256(_relaxed_body(body)).digest():
        return False
    left = [field for field in fields if field is not signature]
    signed = b""
    for name in tags["h"].split(":"):
        for field in reversed(left):
            if field.split(b":", 1)[0].strip().lower() == name.strip().lower().encode():
                signed += _relaxed_field(field) + b"\r\n"
                left.remove(field)
                break
    at = signature.rindex(b"b=")
    signed += _relaxed_field(signature[: at + 2])
    proof, key = base64.b64decode(tags["b"]), keys[tags["s"]]
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            assert tags["a"] == "ed25519-sha256"
            key.verify(proof, hashlib.sha256(signed).digest())
        else:
            assert tags["a"] == "rsa-sha256"
            key.verify(proof, signed, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _relaxed_field(field: bytes) -> bytes:
    name, value = field.split(b":", 1)
    words = [word for word in value.replace(b"\r\n", b"").replace(b"\t", b" ").split(b" ") if word]
    return name.strip().lower() + b":" + b" ".join(words)


def _relaxed_body(body: bytes) -> bytes:
    lines = []
    for line in body.split(b"\r\n"):
        text = line.replace(b"\t", b" ")
        while b"  " in text:
            text = text.replace(b"  ", b" ")
        lines.append(text.removesuffix(b" "))
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)
