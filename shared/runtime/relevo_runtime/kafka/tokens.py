"""Tokens for SASL OAUTHBEARER: fetched with the client's credentials (RFC 6749 section 4.4), renewed in time."""

import asyncio
import base64
import logging
from collections.abc import Callable
from typing import Annotated, Any, Self
from urllib.parse import quote_plus

import httpx
import msgspec
from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator
from aiokafka.errors import SaslAuthenticationFailed
from msgspec import Meta, Struct

from relevo_runtime.backoff import Backoff
from relevo_runtime.errors import described
from relevo_runtime.kafka.refusals import TokenError
from relevo_runtime.server_settings import PREFIX, ServerSettings
from relevo_runtime.tls import RereadingContext, TlsFiles

_log = logging.getLogger(__name__)

_TIMEOUT = 10.0
_RENEW_AT = 0.8
"""After this share of its life a token is replaced: what is left of it carries over an endpoint that is away."""
_SHOWN = 200


class _Granted(Struct):
    """RFC 6749 section 5.1. The token's characters are those of RFC 6750 section 2.1."""

    access_token: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~+/-]+=*$")]
    expires_in: float = 0.0


class _Refused(Struct):
    """RFC 6749 section 5.2."""

    error: str = ""
    error_description: str = ""


class Tokens(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka ships no types
    """Asked by aiokafka for each new connection. A token is kept until it is due for renewal.

    While the endpoint is away a token that is still good serves on; without one, `token` raises `TokenError`, which
    is a failed connection to aiokafka: it is tried again, and the endpoint is asked again after a growing pause.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: str,
        scope: str = "",
        *,
        tls: TlsFiles,
        seconds: Callable[[], float] | None = None,
    ) -> None:
        """`seconds` is a clock that never goes back; the event loop's by default. Raises `TlsFileError`."""
        self._url = url
        credentials = f"{quote_plus(client_id)}:{quote_plus(secret)}"  # RFC 6749 section 2.3.1
        self._authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        self._context = RereadingContext(tls)
        self._seconds = seconds or (lambda: asyncio.get_running_loop().time())
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = self._good_until = self._ask_again_at = 0.0
        self._backoff = Backoff()
        self._failure = ""

    @classmethod
    def of(cls, settings: ServerSettings) -> Self:
        """The tokens of the endpoint that the settings name."""
        return cls(
            settings.kafka_token_url,
            settings.kafka_token_client_id,
            settings.kafka_token_client_secret.get_secret_value(),
            settings.kafka_token_scope,
            tls=TlsFiles(ca=settings.kafka_token_ca, variables=f"{PREFIX}KAFKA_TOKEN_"),
        )

    async def token(self) -> str:
        """A token that is good now. Raises `TokenError`."""
        async with self._lock:
            now = self._seconds()
            if now >= self._renew_at and now >= self._ask_again_at:
                await self._renew(now)
            if now < self._good_until:
                return self._token
            if self._failure:
                raise TokenError(self._failure)
            return self._token  # without a known end it serves one connection

    async def _renew(self, now: float) -> None:
        try:
            granted = await self._fetch()
        except TokenError as error:
            self._failure = str(error.args[0])
            self._ask_again_at = now + self._backoff.failure()
            _log.warning("%s", self._failure, extra={"repeats": "kafka token"})
            return
        self._backoff.success()
        self._failure = ""
        self._token = granted.access_token
        self._renew_at, self._good_until = now + _RENEW_AT * granted.expires_in, now + granted.expires_in

    async def _fetch(self) -> _Granted:
        try:
            async with httpx.AsyncClient(verify=self._context, timeout=_TIMEOUT) as client:
                answer = await client.post(self._url, data=self._form, headers={"Authorization": self._authorization})
        except httpx.HTTPError as error:
            raise TokenError(f"{self._url} can't be reached for a token: {described(error)}") from error
        if answer.status_code != httpx.codes.OK:
            raise TokenError(f"{self._url} gives no token: {answer.status_code} {_reason(answer.content)}".rstrip())
        try:
            return msgspec.json.decode(answer.content, type=_Granted)
        except msgspec.MsgspecError as error:
            raise TokenError(f"{self._url} answers with something that is not a token: {error}") from None


class _Authenticator(OAuthAuthenticator):  # type: ignore[misc]  # aiokafka ships no types
    """A broker answers a token that it refuses with the reason, as JSON (RFC 7628 section 3.2.2).

    aiokafka takes any answer for a yes, and then reads nonsense from a connection that is of no use.
    """

    async def step(self, payload: bytes | None) -> Any:
        """Called with what the broker answered. Raises `SaslAuthenticationFailed`."""
        if payload:
            raise SaslAuthenticationFailed(payload[:_SHOWN].decode(errors="replace"))
        return await super().step(payload)


def _authenticator(connection: Any) -> _Authenticator:
    return _Authenticator(sasl_oauth_token_provider=connection._sasl_oauth_token_provider)


AIOKafkaConnection.authenticator_oauth = _authenticator


def _reason(body: bytes) -> str:
    """What the endpoint says of a refusal, if in the standard's form; never the body: who knows what is in it."""
    try:
        refused = msgspec.json.decode(body, type=_Refused)
    except msgspec.MsgspecError:
        return ""
    return " ".join(part for part in (refused.error, refused.error_description) if part)[:_SHOWN]
