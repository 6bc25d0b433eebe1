"""Why a broker can't be talked to, in words that name the setting.

aiokafka says only that it could not bootstrap; what was in the way is in its log. So the way in is tried once more.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from relevo_runtime.certificates import verdict
from relevo_runtime.errors import Unreachable, described
from relevo_runtime.server_settings import ServerSettings

_SECONDS = 5.0
_CLIENT = ("security_protocol", "ssl_context", "sasl_mechanism")


LACKS_A_RIGHT = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)
"""How Kafka answers a user whom its ACLs do not allow what was asked."""
NEEDED_RIGHTS = "its ACLs have to allow this user what docs/security.md lists"


class KafkaUnreachable(Unreachable, KafkaConnectionError):  # type: ignore[misc]  # noqa: N818 - as RuntimeFault
    """No broker can be used; the message says which one, what is in the way and which setting is about it."""

    def __str__(self) -> str:
        return str(self.args[0])


class TokenError(KafkaConnectionError):  # type: ignore[misc]  # aiokafka ships no types
    """There is no token for SASL OAUTHBEARER now. To aiokafka it is a connection that failed, which it tries again."""


async def why_unreachable(settings: ServerSettings, options: Mapping[str, Any]) -> str:
    """The reason, of the first broker that can't be used. Takes up to 5 s for each. `options` are aiokafka's."""
    for host, port, _ in collect_hosts(settings.kafka, randomize=False):
        error = await _attempt(host, port, {k: v for k, v in options.items() if k != "bootstrap_servers"})
        if error is not None:
            return f"Kafka can't be reached at {settings.kafka}: {reason(error, settings)}"
    return f"Kafka at {settings.kafka} did not answer, and does now"


async def _attempt(host: str, port: int, options: Mapping[str, Any]) -> BaseException | None:
    try:
        async with asyncio.timeout(_SECONDS):
            connection = await create_conn(host, port, **options)
            try:
                # A listener that wants more than it gets takes the connection and closes it at the first request.
                await connection.send(MetadataRequest([]))
            finally:
                connection.close()
    except (OSError, KafkaError, TimeoutError) as error:
        return error
    return None


def reason(error: BaseException, settings: ServerSettings) -> str:
    """What `error` means and what to do about it."""
    for one in _chain(error):
        for of_kind in (_certificate, _handshake, _sasl, _network):
            if (text := of_kind(one, settings)) is not None:
                return text
    if isinstance(error, KafkaConnectionError | ConnectionResetError):
        return (
            f"it closes the connection; that listener may speak something else than RELEVO_KAFKA_SECURITY="
            f"{settings.kafka_security}"
        )
    return f"{described(error)}; is it running, and RELEVO_KAFKA right?"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _certificate(error: BaseException, settings: ServerSettings) -> str | None:
    """About the broker's certificate."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    match verdict(error):
        case "another name":
            return (
                "its certificate is for another name; name it in RELEVO_KAFKA (and in the broker's"
                " advertised.listeners) as its certificate does, or set RELEVO_KAFKA_VERIFY_HOSTNAME=false if it can't"
                " have that name"
            )
        case "expired":
            return "its certificate has expired; have the broker get a new one, or mend this machine's clock"
        case "not valid yet":
            return "its certificate is not valid yet; have the broker get a new one, or mend this machine's clock"
        case "unknown CA":
            ca = f"={settings.kafka_ca}" if settings.kafka_ca else ", which is empty: those of the system are trusted"
            return f"its certificate is not signed by a CA of RELEVO_KAFKA_CA{ca} ({error.verify_message})"
        case _:
            return f"its certificate is refused: {error.verify_message}; RELEVO_KAFKA_CA has the CAs that are trusted"


def _handshake(error: BaseException, settings: ServerSettings) -> str | None:
    """About TLS otherwise."""
    if not isinstance(error, ssl.SSLError):
        return None
    what = error.reason or str(error)
    if "ALERT" in what:
        have = f"RELEVO_KAFKA_CERTIFICATE={settings.kafka_certificate}"
        if settings.kafka_certificate is None:
            have = "RELEVO_KAFKA_CERTIFICATE is empty"
        return f"it ends the TLS handshake ({what}); it may want another client certificate: {have}"
    return (
        f"it does not speak TLS there ({what}); is the port of RELEVO_KAFKA that of RELEVO_KAFKA_SECURITY="
        f"{settings.kafka_security}?"
    )


def _sasl(error: BaseException, settings: ServerSettings) -> str | None:
    """About who we are."""
    mechanism = settings.kafka_sasl_mechanism
    match error:
        case TokenError():
            return f"{error.args[0]}; RELEVO_KAFKA_TOKEN_* say where it is and who asks"
        case SaslAuthenticationFailed() if mechanism == "OAUTHBEARER":
            return f"it refuses the token of RELEVO_KAFKA_TOKEN_URL ({_own_words(error)}); do scope and audience fit?"
        case SaslAuthenticationFailed():
            pair = "RELEVO_KAFKA_USERNAME with RELEVO_KAFKA_PASSWORD"
            return f"it refuses {pair}; is the user known there, by this mechanism ({mechanism})?"
        case UnsupportedSaslMechanismError():
            return f"it does not offer RELEVO_KAFKA_SASL_MECHANISM={mechanism}"
        case IllegalSaslStateError():
            return f"that listener wants no SASL, RELEVO_KAFKA_SECURITY={settings.kafka_security} does"
        case _:
            return None


def _network(error: BaseException, _: ServerSettings) -> str | None:
    """About the path there."""
    match error:
        case socket.gaierror():
            return "the host name is not known; is RELEVO_KAFKA right?"
        case ConnectionRefusedError():
            return "nothing listens there; is it running, and RELEVO_KAFKA right?"
        case TimeoutError():
            return "it does not answer; is it running, and RELEVO_KAFKA right?"
        case _:
            return None


def _own_words(error: KafkaError) -> str:
    return str(error.args[0]) if error.args else type(error).__name__
