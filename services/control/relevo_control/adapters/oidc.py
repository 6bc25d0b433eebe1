"""An OpenID provider: where its keys are, and whether an ID token is its own.

Sources: OpenID Connect Core 1.0, section 3.1.3.7; OpenID Connect Discovery 1.0; RFC 7517 (JWKS); RFC 8725 (which
algorithms to take). The times of a token are those of the world, not of a clock that runs faster.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
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
_REST = 5.0
"""Seconds for which a provider that didn't answer isn't asked again: each question may take until the time limit."""


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
        self._read_at = self._left_alone_until = 0.0
        self._asking = asyncio.Lock()

    async def claims(self, token: str) -> dict[str, Any] | None:
        """What an ID token of this issuer for this audience says; `None` for any other. Raises `OidcUnavailable`."""
        try:
            header = jwt.get_unverified_header(token)
        except PyJWTError:
            return None
        if str(header.get("typ", "JWT")).upper() != "JWT":  # an access or a logout token
            return None
        key = await self._key(header.get("kid"))
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
        return found if self._is_for_us(found) else None

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        """Whether the issuer gave a token to this client: with other audiences it must say so (3.1.3.7, 3 to 5)."""
        several = not isinstance(claims["aud"], str) and len(claims["aud"]) > 1
        party = claims.get("azp", "" if several else self._audience)
        return str(claims["iss"]).rstrip("/") == self._issuer and party == self._audience

    async def _key(self, name: str | None) -> jwt.PyJWK | None:
        """The key of this name. Who has a known one doesn't wait for those who ask for others."""
        if self._to_be_read(name):
            async with self._asking:
                if self._to_be_read(name):
                    await self._read_again()
        return _named(self._keys, name)

    def _to_be_read(self, name: str | None) -> bool:
        age = self._seconds() - self._read_at
        return self._keys is None or age > _FRESH or (_named(self._keys, name) is None and age > _PAUSE)

    async def _read_again(self) -> None:
        if self._seconds() < self._left_alone_until:
            raise OidcUnavailable(f"{self._issuer} did not answer a moment ago")
        try:
            self._keys = await self._read()
        except OidcUnavailable:
            self._left_alone_until = self._seconds() + _REST
            raise
        self._read_at = self._seconds()

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


def _named(keys: PyJWKSet | None, name: str | None) -> jwt.PyJWK | None:
    """The key of this name; the only one, where a token names none."""
    if keys is None:
        return None
    signing = [one for one in keys.keys if one.public_key_use in (None, "sig")]
    if name is None:
        return signing[0] if len(signing) == 1 else None
    return next((one for one in signing if one.key_id == name), None)
