"""An OpenID provider that speaks the standard, for tests: discovery, JWKS, authorization code with PKCE, devices."""

import asyncio
import base64
import hashlib
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from relevo_runtime.clock import SystemClock


class OpenIdProvider:
    """Whoever comes is logged in at once, as `claims` say. `url` is set when it is known where it listens."""

    def __init__(self, client_id: str = "relevo") -> None:
        self.url = ""
        self.client_id = client_id
        self.claims: dict[str, Any] = {}
        self.away = False
        self.holding: asyncio.Event | None = None
        """While it is there and not set, nobody is answered."""
        self.asked = 0
        self.scopes: list[str] | None = None
        self.refused_scope = ""
        self.issuer = ""
        self.asked_for_keys = 0
        self.rotate()
        self._codes: dict[str, dict[str, str]] = {}
        self.devices = True
        self.interval = 0
        self.pending: list[str] = []
        """The errors that a device is answered before it gets its token, such as `slow_down`."""
        self._device_codes: dict[str, str] = {}

    def rotate(self) -> None:
        """Signs with another key from now on; the old one is no longer published."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = secrets.token_hex(4)

    def token(self, kind: str = "JWT", **changes: Any) -> str:
        """An ID token, changed as a test wants it; a claim that is None is left out. `kind` is its header `typ`."""
        now = SystemClock().now()
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": "u-1",
            "iat": now,
            "exp": now + timedelta(minutes=5),
            **self.claims,
            **changes,
        }
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(given, self.key, algorithm="RS256", headers={"kid": self.key_id, "typ": kind})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._document),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/device", self._device, methods=["POST"]),
                Route("/activate", self._activate),
            ]
        )

    async def _document(self, _: Request) -> Response:
        self.asked += 1
        if self.holding is not None:
            await self.holding.wait()
        if self.away:
            return Response(status_code=503)
        document = {
            "issuer": self.issuer or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            **({"device_authorization_endpoint": f"{self.url}/device"} if self.devices else {}),
            **({"scopes_supported": self.scopes} if self.scopes is not None else {}),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }
        return JSONResponse(document)

    async def _keys(self, _: Request) -> Response:
        self.asked_for_keys += 1
        public = msgspec.json.decode(RSAAlgorithm.to_jwk(self.key.public_key()))
        return JSONResponse({"keys": [{**public, "kid": self.key_id, "use": "sig", "alg": "RS256"}]})

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["client_id"] == self.client_id
        assert "openid" in query["scope"].split()
        if self.refused_scope in query["scope"].split():
            refused = {"error": "invalid_scope", "state": query["state"], "iss": self.url}
            return RedirectResponse(f"{query['redirect_uri']}?{urlencode(refused)}", 302)
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.url}
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", 302)

    async def _device(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("client_id") != self.client_id or "openid" not in form.get("scope", "").split():
            return JSONResponse({"error": "unauthorized_client"}, 401)
        if self.refused_scope in form["scope"].split():
            return JSONResponse({"error": "invalid_scope"}, 400)
        device, user = secrets.token_urlsafe(16), secrets.token_hex(4).upper()
        self._device_codes[device] = user
        where = f"{self.url}/activate"
        found = {"device_code": device, "user_code": user, "verification_uri": where, "expires_in": 60}
        more = {"interval": self.interval, "verification_uri_complete": f"{where}?user_code={user}"}
        return JSONResponse(found | more)

    async def _activate(self, request: Request) -> Response:
        """Whoever opens it with their code is logged in."""
        self._device_codes = {
            device: "" if user == request.query_params["user_code"] else user
            for device, user in self._device_codes.items()
        }
        return Response("You are logged in.")

    def _of_device(self, form: dict[str, str]) -> Response:
        waiting = self._device_codes.get(form.get("device_code", ""))
        if waiting is None or form.get("client_id") != self.client_id:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if self.pending:
            return JSONResponse({"error": self.pending.pop(0)}, 400)
        if waiting:
            return JSONResponse({"error": "authorization_pending"}, 400)
        del self._device_codes[form["device_code"]]
        return JSONResponse({"id_token": self.token(), "access_token": "x", "token_type": "Bearer"})

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("grant_type") == "urn:ietf:params:oauth:grant-type:device_code":
            return self._of_device(form)
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"id_token": self.token(nonce=asked["nonce"]), "access_token": "x", "token_type": "Bearer"})


async def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
