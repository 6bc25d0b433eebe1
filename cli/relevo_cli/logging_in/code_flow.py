"""The authorization code flow with PKCE, as a native application does it.

Sources: OpenID Connect Core 1.0, section 3.1, and Discovery 1.0, section 4.3; RFC 7636 (PKCE); RFC 8252, section 7.3
(loopback redirects); RFC 9207 (the issuer in the answer).
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Struct

from relevo_cli.errors import CommandError

_SCOPES = "RELEVO_CONTROL_OIDC_SCOPES"
"""The setting of the control API that says what is asked for."""


class Endpoints(Struct, frozen=True):
    """What is used of a provider's document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    device_authorization_endpoint: str = ""
    scopes_supported: list[str] | None = None

    def unlisted(self, scopes: str) -> str:
        """What to know of scopes that the provider doesn't list; empty: it lists all, or none. They are asked for all
        the same: it need not list what it has (Discovery 1.0, section 3), and some show a refusal in the browser alone.
        """
        listed = self.scopes_supported or scopes.split()
        missing = " ".join(one for one in scopes.split() if one not in listed)
        return f"{self.issuer} doesn't list {missing}; if it refuses that, leave it out of {_SCOPES}" if missing else ""


class Attempt(Struct, frozen=True, kw_only=True):
    """One log-in under way: what the answer must have, and the secret that only this process knows."""

    state: str
    nonce: str
    verifier: str
    redirect: str

    @classmethod
    def new(cls, redirect: str) -> "Attempt":
        """A fresh one. A verifier has 43 characters of 256 random bits."""
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(32),
            redirect=redirect,
        )

    @property
    def challenge(self) -> str:
        """What the provider gets of the verifier: its SHA-256."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def address(self, endpoints: Endpoints, client_id: str, scopes: str) -> str:
        """Where the person goes."""
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.redirect,
            "scope": scopes,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in endpoints.authorization_endpoint else "?"
        return f"{endpoints.authorization_endpoint}{separator}{urlencode(asked)}"

    def code(self, query: Mapping[str, str], issuer: str) -> str:
        """The code that the person came back with. Raises `CommandError` for an answer that is not to this attempt."""
        if not secrets.compare_digest(query.get("state", "").encode(), self.state.encode()):
            raise CommandError("the answer does not belong to this log-in: run `relevo login` again")
        if query.get("iss", issuer) != issuer:
            raise CommandError(f"the answer is of {query['iss']}, not of {issuer}: run `relevo login` again")
        if "error" in query:
            why = query.get("error_description") or query["error"]
            raise CommandError(f"the log-in was refused: {why}{scope_advice(query['error'])}")
        if not query.get("code"):
            raise CommandError("the answer has no code: run `relevo login` again")
        return query["code"]


def scope_advice(error: str) -> str:
    """What to do about a refusal (RFC 6749, section 4.1.2.1), to be put behind it."""
    if error != "invalid_scope":
        return ""
    return f"; set {_SCOPES} of the control API to scopes that the provider lets this client ask for"


async def discover(client: httpx.AsyncClient, issuer: str) -> Endpoints:
    """The endpoints of a provider. Raises `CommandError`."""
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        answer = (await client.get(address)).raise_for_status()
        found = msgspec.json.decode(answer.content, type=Endpoints)
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise CommandError(f"{address} does not answer as an OpenID provider: {error!r}") from error
    if found.issuer.rstrip("/") != issuer.rstrip("/"):
        raise CommandError(f"{address} says that it is of {found.issuer}: the control API's issuer must be that")
    return found


async def exchange(client: httpx.AsyncClient, endpoints: Endpoints, client_id: str, attempt: Attempt, code: str) -> str:
    """The ID token for a code; that it is for this attempt is checked here, its signature by the server."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": attempt.redirect,
        "client_id": client_id,
        "code_verifier": attempt.verifier,
    }
    try:
        answer = (await client.post(endpoints.token_endpoint, data=form)).raise_for_status()
        token = str(answer.json()["id_token"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{endpoints.token_endpoint} gave no ID token: {error!r}") from error
    if _claims(token).get("nonce") != attempt.nonce:
        raise CommandError("the ID token does not belong to this log-in: run `relevo login` again")
    return token


def _claims(token: str) -> dict[str, Any]:
    try:
        body = token.split(".")[1]
        found = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}
