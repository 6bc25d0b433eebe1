"""DKIM signatures of mails that are ours as they are. Pure.

Sources: RFC 6376 (DKIM; section 3.4 has the canonical forms), RFC 8301 (SHA-256, keys of 2048 bits), RFC 8463
(Ed25519), RFC 8058 section 4 (both headers for unsubscribing have to be signed).
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

FEWEST_BITS = 2048
_SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type", "auto-submitted",
    "feedback-id", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
# Named once more than they are there: nobody on the way can add another one that a reader would take for ours.
_ALSO_ABSENT = ("from", "to", "subject", "date", "reply-to", "list-unsubscribe", "list-unsubscribe-post")
_FIELD = re.compile(rb"([^:\r\n]+):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_SPACE = re.compile(rb"[ \t]{2,}|\t")  # a single space, which is nearly all of them, is left as it is
_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LINE = 70

Field = tuple[bytes, bytes]
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class SigningKey(Struct, frozen=True):
    """A key, and where its public half is: `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    key: Key

    def aligns_with(self, sender_domain: str) -> bool:
        """Whether a signature by it is one of the sender's (RFC 7489 section 3.1.1: its domain, or one above it)."""
        return sender_domain == self.domain or sender_domain.endswith(f".{self.domain}")

    def sign(self, signed: bytes) -> tuple[str, bytes]:
        """The algorithm, and the signature of what is signed."""
        digest = hashlib.sha256(signed).digest()
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return "ed25519-sha256", self.key.sign(digest)
        return "rsa-sha256", self.key.sign(digest, padding.PKCS1v15(), Prehashed(SHA256()))

    @property
    def algorithm(self) -> str:
        """What it signs with."""
        return "ed25519-sha256" if isinstance(self.key, ed25519.Ed25519PrivateKey) else "rsa-sha256"


def read_keys(text: str) -> list[SigningKey]:
    """From `example.com:SELECTOR:FILE, …`; each file is a private key in PEM. Raises `ValueError`, which says what is
    wrong and what would be right.
    """
    return [_read_key(part) for part in filter(None, (part.strip() for part in text.split(",")))]


def with_signatures(mail: bytes, keys: Iterable[SigningKey]) -> bytes:
    """The mail with a signature by each of `keys` above it. Its lines end with CRLF."""
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = [(match[1].strip().lower(), match[2]) for match in _FIELD.finditer(head + b"\r\n")]
    body_hash = base64.b64encode(hashlib.sha256(canonical_body(body)).digest()).decode()
    return b"".join([*(_signature(fields, body_hash, key) for key in keys), mail])


def canonical_field(name: bytes, value: bytes) -> bytes:
    """A header field in the relaxed form, without the end of its line (RFC 6376 section 3.4.2)."""
    return name.strip().lower() + b":" + _SPACE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def canonical_body(body: bytes) -> bytes:
    """A body in the relaxed form (RFC 6376 section 3.4.4)."""
    if b"\t" in body or b"  " in body:
        body = _SPACE.sub(b" ", body)
    stripped = body.replace(b" \r\n", b"\r\n").rstrip(b" ").rstrip(b"\r\n")
    return stripped + b"\r\n" if stripped else b""


def _signature(fields: Sequence[Field], body_hash: str, key: SigningKey) -> bytes:
    names = [name for name, _ in fields]
    listed = [name for name in _SIGNED for _ in range(names.count(name.encode()) + (name in _ALSO_ABSENT))]
    value = (
        f" v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain};\r\n s={key.selector};\r\n"
        f" h={_folded(listed)};\r\n bh={body_hash};\r\n b="
    )
    signed = b"\r\n".join([*_chosen(fields, listed), canonical_field(b"dkim-signature", value.encode())])
    _, signature = key.sign(signed)
    text = base64.b64encode(signature).decode()
    lines = "\r\n ".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))
    return f"DKIM-Signature:{value}{lines}\r\n".encode()


def _chosen(fields: Sequence[Field], listed: Iterable[str]) -> list[bytes]:
    """The fields that are listed, from the bottom (RFC 6376 section 5.4.2); those that are not there are left out."""
    left = list(fields)
    found = []
    for name in listed:
        at = next((at for at in range(len(left) - 1, -1, -1) if left[at][0] == name.encode()), None)
        if at is not None:
            found.append(canonical_field(*left.pop(at)))
    return found


def _folded(names: Sequence[str]) -> str:
    """The names with colons, in lines."""
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > _LINE:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return "\r\n  ".join([*lines, line]).rstrip(":")


def _read_key(part: str) -> SigningKey:
    domain, _, rest = part.partition(":")
    selector, _, file = rest.partition(":")
    if not (_NAME.fullmatch(domain) and _NAME.fullmatch(selector) and file):
        raise ValueError(f"{part!r} is not DOMAIN:SELECTOR:FILE, such as example.com:relevo1:/keys/relevo1.pem")
    try:
        key = load_pem_private_key(Path(file).read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{file} can't be read as a private key in PEM, without a password: {error}") from error
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < FEWEST_BITS:
        raise ValueError(f"{file} has a key of {key.key_size} bits; at least {FEWEST_BITS} are needed (RFC 8301)")
    if not isinstance(key, Key):
        raise ValueError(f"{file} has neither an RSA nor an Ed25519 key")  # noqa: TRY004 - the file is wrong, not a type
    return SigningKey(domain.lower(), selector, key)
