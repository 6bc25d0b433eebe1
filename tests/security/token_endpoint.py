"""An OAuth 2.0 token endpoint over HTTPS (client credentials), and the keys by which a broker checks its tokens."""

import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote_plus

import msgspec
import uvicorn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relevo_embedded.process import free_ports
from tests.security.certificates import Issued

CLIENT, SECRET = "relevo", "a secret: 100% + more"
AUDIENCE = "kafka"


class Signer:
    """Signs JSON Web Tokens (RS256) and publishes its key as a JWKS file."""

    def __init__(self, folder: Path) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "kid": "one",
            "use": "sig",
            "alg": "RS256",
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }
        self.jwks = folder / "jwks.json"
        self.jwks.write_bytes(msgspec.json.encode({"keys": [key]}))

    def token(self, seconds: float) -> str:
        now = datetime.now(UTC).timestamp()
        claims = {"sub": CLIENT, "aud": AUDIENCE, "iat": int(now), "exp": int(now + seconds), "scope": "kafka"}
        signed = b".".join(_base64(msgspec.json.encode(part)) for part in ({"alg": "RS256", "kid": "one"}, claims))
        return (signed + b"." + _base64(self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))).decode()


class TokenEndpoint:
    """Answers with tokens that live for `seconds`, unless `broken` says what it answers instead."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.seconds = 60.0
        self.broken: Response | None = None
        self.asked: list[dict[str, list[str]]] = []
        self.refused = 0
        self.url = ""

    async def answer(self, request: Request) -> Response:
        self.asked.append(parse_qs((await request.body()).decode()))
        if self.broken is not None:
            self.refused += 1
            return self.broken
        kind, _, pair = request.headers["authorization"].partition(" ")
        client, _, secret = base64.b64decode(pair).decode().partition(":")
        if (kind, unquote_plus(client), unquote_plus(secret)) != ("Basic", CLIENT, SECRET):
            return JSONResponse({"error": "invalid_client", "error_description": "Unknown client"}, 401)
        token = self.signer.token(self.seconds)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": self.seconds})


@asynccontextmanager
async def token_endpoint(signer: Signer, certificate: Issued) -> AsyncIterator[TokenEndpoint]:
    """The endpoint on a port of this machine, while the block runs."""
    endpoint = TokenEndpoint(signer)
    [port] = free_ports(1)
    app = Starlette(routes=[Route("/token", endpoint.answer, methods=["POST"])])
    config = uvicorn.Config(
        app,
        port=port,
        log_config=None,
        ssl_certfile=certificate.certificate,
        ssl_keyfile=certificate.key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
        lifespan="off",
    )
    server = _Server(config)
    endpoint.url = f"https://localhost:{port}/token"
    async with server.running():
        yield endpoint


class _Server(uvicorn.Server):
    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup()
        try:
            yield
        finally:
            await self.shutdown()


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8)).decode()


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
