"""An OpenID provider: where its keys are, and whether an ID token is its own.

Sources: OpenID Connect Discovery 1.0; RFC 7517 (JWKS); RFC 8725 (which algorithms to take). The times of a token are
those of the world, not of a clock that runs faster.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import jwt
from jwt import PyJWKSet, PyJWTError

_log = logging.getLogger(__name__)
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures by private keys alone: with HS256 whoever knows the public key could sign."""
_LEEWAY = 30.0
_FRESH = 600.0
_PAUSE = 30.0


class OidcUnavailable(Exception):  # noqa: N818 - it is the provider's state
    """The provider doesn't answer, or not as the standard says."""


class Provider:
    """One issuer. Its keys are kept for ten minutes; an unknown key is asked for, but not more often than each 30 s."""

    def __init__(self, issuer: str, audience: str, client: httpx.AsyncClient, seconds: Callable[[], float]) -> None:
        self._issuer = issuer.rstrip("/")
        self._audience = audience
        self._client = client
        self._seconds = seconds
        self._keys: PyJWKSet | None = None
        self._read_at = 0.0
        self._asking = asyncio.Lock()

    async def claims(self, token: str) -> dict[str, Any] | None:
        """What an ID token of this issuer for this audience says; `None` for any other. Raises `OidcUnavailable`."""
        try:
            name = jwt.get_unverified_header(token).get("kid")
        except PyJWTError:
            return None
        key = await self._key(name)
        if key is None:
            return None
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (PyJWTError, TypeError, ValueError) as error:
            _log.info("an ID token was refused: %s", type(error).__name__)
            return None
        return found if str(found["iss"]).rstrip("/") == self._issuer else None

    async def _key(self, name: str | None) -> jwt.PyJWK | None:
        async with self._asking:
            keys = self._keys
            age = self._seconds() - self._read_at
            if keys is None or age > _FRESH or (_named(keys, name) is None and age > _PAUSE):
                keys = self._keys = await self._read()
                self._read_at = self._seconds()
        return _named(keys, name)

    async def _read(self) -> PyJWKSet:
        try:
            known = (await self._client.get(f"{self._issuer}/.well-known/openid-configuration")).raise_for_status()
            document = known.json()
            if str(document["issuer"]).rstrip("/") != self._issuer:
                raise OidcUnavailable(f"{self._issuer} says that it is {document['issuer']}")
            answer = (await self._client.get(document["jwks_uri"])).raise_for_status()
            return PyJWKSet.from_dict(answer.json())
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, TypeError, ValueError, PyJWTError) as error:
            raise OidcUnavailable(f"{self._issuer} does not answer as an OpenID provider: {error!r}") from error


def _named(keys: PyJWKSet, name: str | None) -> jwt.PyJWK | None:
    """The key of this name; the only one, where a token names none."""
    signing = [one for one in keys.keys if one.public_key_use in (None, "sig")]
    if name is None:
        return signing[0] if len(signing) == 1 else None
    return next((one for one in signing if one.key_id == name), None)
