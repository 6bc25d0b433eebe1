"""Requests as each platform signs them: with a secret, or by a key of its own."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relevo_ingest.connectors.adobe_commerce.connector import KEYS, SIGNATURES
from relevo_ingest.connectors.connector import WebhookRequest
from relevo_testing.signing import signed_headers
from tests.ingest.webhooks import RECEIVED

CLIENT_ID = "the-client-id-of-the-project"
"""To whom the fixtures of Adobe Commerce are addressed."""


class AdobeSigner:
    """Signs as Adobe does, with two keys; serves their public halves."""

    def __init__(self) -> None:
        self.private = [generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
        self.paths = [f"/prod/keys/pub-key-{n}.pem" for n in (1, 2)]

    def headers(self, body: bytes, *, wrong: Sequence[int] = ()) -> dict[str, str]:
        """The four headers; of the keys that are `wrong` the signature is of another body."""
        signatures = [_sign(key, body if n not in wrong else body + b" ") for n, key in enumerate(self.private)]
        named = dict(zip((name.lower() for name in SIGNATURES), signatures, strict=True))
        return named | dict(zip(KEYS.headers, self.paths, strict=True))

    @property
    def public(self) -> dict[str, bytes]:
        """The public keys by their addresses."""
        return {
            f"{KEYS.base}{path}": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            for path, key in zip(self.paths, self.private, strict=True)
        }

    async def get(self, addresses: Sequence[str]) -> Mapping[str, bytes]:
        """As `KeyServer` has it."""
        return {address: self.public[address] for address in addresses if address in self.public}


def _sign(key: RSAPrivateKey, body: bytes) -> str:
    return base64.b64encode(key.sign(body, PKCS1v15(), SHA256())).decode()


ADOBE = AdobeSigner()


def signed(name: str, body: bytes, secret: str, topic: str = "", at: datetime = RECEIVED) -> WebhookRequest:
    """A delivery of the platform `name`, signed and received `at` once. Adobe's secret is the client id in the body."""
    if name == "adobe-commerce":
        return WebhookRequest(headers=ADOBE.headers(body), body=body, received=at, keys=ADOBE.public)
    headers = signed_headers(name, body, secret, topic=topic, at=at)
    return WebhookRequest(headers=headers, body=body, received=at)


def addressed(name: str, body: bytes, secret: str) -> bytes:
    """The body as it is before it is signed: Adobe's names the client id that it is for."""
    if name != "adobe-commerce":
        return body
    return json.dumps(json.loads(body) | {"recipientclientid": secret}).encode()
