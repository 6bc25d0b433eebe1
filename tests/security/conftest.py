"""A broker that has every way of security on, each on a listener of its own."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relevo_embedded import EmbeddedKafka, Listener, jars
from relevo_runtime.settings import RuntimeSettings
from tests.security.certificates import Authority, Issued
from tests.security.token_endpoint import AUDIENCE, CLIENT, SECRET, Signer, TokenEndpoint, token_endpoint

USER, PASSWORD = "relevo-tests", 'a "strong" password, 100%='
_MODULES = "org.apache.kafka.common.security"
_REAUTHENTICATE_MS = "2000"


class SecuredKafka:
    """The broker, and the settings of a client that is let in by each listener."""

    def __init__(self, kafka: EmbeddedKafka, authority: Authority, client: Issued, endpoint: TokenEndpoint) -> None:
        self.kafka = kafka
        self.authority = authority
        self.client = client
        self.endpoint = endpoint

    def settings(self, listener: str, **changes: object) -> RuntimeSettings:
        """Settings for the listener; `changes` are what is different."""
        values: dict[str, object] = {"kafka": self.kafka.address(listener), "partitions": 2, "session_timeout": 6.0}
        values |= {"kafka_security": PROTOCOLS[listener], "batch_window": 0.0}
        if PROTOCOLS[listener].endswith("SSL"):
            values |= {"kafka_ca": self.authority.ca}
        if listener == "MUTUAL":
            values |= {"kafka_certificate": self.client.certificate, "kafka_key": self.client.key}
        if listener in ("SASL", "CLEAR"):
            values |= {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_username": USER, "kafka_password": PASSWORD}
        if listener == "OAUTH":
            values |= {"kafka_sasl_mechanism": "OAUTHBEARER", "kafka_token_url": self.endpoint.url}
            values |= {"kafka_token_client_id": CLIENT, "kafka_token_client_secret": SECRET}
            values |= {"kafka_token_ca": self.authority.ca}
        return RuntimeSettings.model_validate(values | changes)


PROTOCOLS = {
    "TLS": "SSL",
    "MUTUAL": "SSL",
    "EXPIRED": "SSL",
    "ELSEWHERE": "SSL",
    "SASL": "SASL_SSL",
    "CLEAR": "SASL_PLAINTEXT",
    "OAUTH": "SASL_SSL",
}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("signer"))


@pytest.fixture
async def endpoint(authority: Authority, signer: Signer) -> AsyncIterator[TokenEndpoint]:
    async with token_endpoint(signer, authority.issue("tokens")) as started:
        yield started


@pytest.fixture(scope="session")
async def broker(
    authority: Authority, signer: Signer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EmbeddedKafka]:
    folder = tmp_path_factory.mktemp("secured")
    jwks = signer.jwks.as_uri()
    kafka = EmbeddedKafka(
        folder,
        listeners=_listeners(authority, jwks),
        java=[f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={jwks}"],
    )
    async with kafka:
        await asyncio.gather(
            *(asyncio.to_thread(_add_scram_user, kafka.bootstrap, folder, bits) for bits in (256, 512))
        )
        yield kafka


@pytest.fixture
def secured(broker: EmbeddedKafka, authority: Authority, endpoint: TokenEndpoint) -> SecuredKafka:
    return SecuredKafka(broker, authority, authority.issue("client"), endpoint)


def _listeners(authority: Authority, jwks: str) -> dict[str, Listener]:
    good = _tls(authority.issue("broker"))
    trust = {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(authority.ca), "ssl.client.auth": "required"}
    properties = {
        "TLS": good,
        "MUTUAL": good | trust,
        "EXPIRED": _tls(authority.issue("expired", expired=True)),
        "ELSEWHERE": _tls(authority.issue("elsewhere", host="kafka.example.com")),
        "SASL": good | _passwords(),
        "CLEAR": _passwords(),
        "OAUTH": good | _tokens(jwks),
    }
    return {name: Listener(protocol=PROTOCOLS[name], properties=each) for name, each in properties.items()}


def _tls(issued: Issued) -> dict[str, str]:
    return {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(issued.both)}


def _passwords() -> dict[str, str]:
    plain = PASSWORD.replace('"', '\\\\"')
    return {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        "plain.sasl.jaas.config": f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{plain}";',
        "scram-sha-256.sasl.jaas.config": f"{_MODULES}.scram.ScramLoginModule required;",
        "scram-sha-512.sasl.jaas.config": f"{_MODULES}.scram.ScramLoginModule required;",
    }


def _tokens(jwks: str) -> dict[str, str]:
    mine = {
        "sasl.server.callback.handler.class": f"{_MODULES}.oauthbearer.OAuthBearerValidatorCallbackHandler",
        "sasl.jaas.config": f"{_MODULES}.oauthbearer.OAuthBearerLoginModule required;",
        "connections.max.reauth.ms": _REAUTHENTICATE_MS,
    }
    return {
        "sasl.enabled.mechanisms": "OAUTHBEARER",
        "sasl.oauthbearer.jwks.endpoint.url": jwks,
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        # The default one, although it has the keys here, does not look at signatures (Kafka 4.1).
        "sasl.oauthbearer.jwt.validator.class": f"{_MODULES}.oauthbearer.BrokerJwtValidator",
        **{f"oauthbearer.{name}": value for name, value in mine.items()},
    }


def _add_scram_user(bootstrap: str, folder: Path, bits: int) -> None:
    """By Kafka's own tool: the admin client of aiokafka can't."""
    added = folder / f"users-{bits}.properties"
    added.write_text(f"SCRAM-SHA-{bits}=password={PASSWORD}\n")
    class_path = os.pathsep.join(map(str, jars.class_path()))
    user = ["--alter", "--entity-type", "users", "--entity-name", USER, "--add-config-file", str(added)]
    command = [jars.java(), "-cp", class_path, "kafka.admin.ConfigCommand", "--bootstrap-server", bootstrap, *user]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
