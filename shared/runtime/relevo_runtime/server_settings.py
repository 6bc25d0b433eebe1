"""Settings by which Kafka and PostgreSQL are reached: addresses, TLS, and as whom. Pure: no file is read here."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic
from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from relevo_runtime.postgres_tls import VARIABLES, also_in_url, with_tls

PREFIX = "RELEVO_"
_BROKER = re.compile(r"([^\s:/@\[\]]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?")
Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
TlsMode = Literal["", "disable", "prefer", "require", "verify-ca", "verify-full"]
Mechanism = Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _given(value: object) -> object:
    """An empty variable is one that is not set; as a path it would be the working folder."""
    return None if value == "" else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


OptionalPath = Annotated[Path | None, BeforeValidator(_given)]


class ServerSettings(BaseSettings):
    """How Kafka and PostgreSQL are reached. What can't be together is refused, with the variables that are at fault."""

    kafka: str = Field(default="127.0.0.1:9092", description="Kafka bootstrap servers, host:port, several with commas.")
    kafka_security: Annotated[Protocol, BeforeValidator(_upper)] = Field(
        default="PLAINTEXT",
        description="What the brokers' listener speaks (Kafka's security.protocol): PLAINTEXT, SSL, SASL_PLAINTEXT or"
        " SASL_SSL.",
    )
    kafka_sasl_mechanism: Annotated[Mechanism, BeforeValidator(_upper)] = Field(
        default="",
        description="How a client says who it is, where the listener speaks SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"
        " or OAUTHBEARER.",
    )
    kafka_username: str = Field(default="", description="The Kafka user, for PLAIN and SCRAM.")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="The Kafka user's password.")
    kafka_ca: OptionalPath = Field(
        default=None,
        description="A PEM file with the CAs that sign the brokers' certificates; empty: those of the system.",
    )
    kafka_verify_hostname: bool = Field(
        default=True, description="Whether a broker's certificate must be for the name by which it is reached."
    )
    kafka_certificate: OptionalPath = Field(
        default=None,
        description="A PEM file with the client's certificate and its chain, for brokers that ask for one.",
    )
    kafka_key: OptionalPath = Field(
        default=None, description="A PEM file with the certificate's private key; empty: it is in the same file."
    )
    kafka_key_password: SecretStr = Field(
        default=SecretStr(""), description="Opens the private key, if it is encrypted."
    )
    kafka_token_url: str = Field(
        default="",
        description="Where tokens for OAUTHBEARER are fetched (OAuth 2.0 client credentials): https://….",
    )
    kafka_token_client_id: str = Field(default="", description="The client's id at the token endpoint.")
    kafka_token_client_secret: SecretStr = Field(
        default=SecretStr(""), description="The client's secret at the token endpoint."
    )
    kafka_token_scope: str = Field(default="", description="The scopes that are asked for, with spaces.")
    kafka_token_ca: OptionalPath = Field(
        default=None,
        description="A PEM file with the CAs that sign the token endpoint's certificate; empty: those of the system.",
    )
    postgres: SecretStr = Field(
        default=SecretStr("postgresql://relevo@127.0.0.1:5432/relevo"),
        description="PostgreSQL connection URL; a Unix socket is postgresql://USER@/DB?host=/folder.",
    )
    postgres_tls: Annotated[TlsMode, BeforeValidator(_lower)] = Field(
        default="",
        description="TLS to PostgreSQL, as libpq's sslmode: disable, prefer, require, verify-ca or verify-full. Empty:"
        " as the URL says, or verify-full where a CA is named.",
    )
    postgres_ca: OptionalPath = Field(
        default=None, description="A PEM file with the CAs that sign the server's certificate."
    )
    postgres_certificate: OptionalPath = Field(
        default=None, description="A PEM file with the client's certificate, for a server that asks for it."
    )
    postgres_key: OptionalPath = Field(default=None, description="A PEM file with the certificate's private key.")
    postgres_key_password: SecretStr = Field(
        default=SecretStr(""), description="Opens the private key, if it is encrypted."
    )

    @pydantic.field_validator("kafka")
    @classmethod
    def _brokers(cls, value: str) -> str:
        if odd := [one for one in value.split(",") if not _BROKER.fullmatch(one.strip())]:
            raise ValueError(f"{odd[0].strip()[:60]!r} is not host:port")
        return value

    @pydantic.model_validator(mode="after")
    def _possible_together(self) -> Self:
        if problems := [*_kafka_problems(self), *_postgres_problems(self)]:
            raise ValueError("; ".join(problems))
        return self

    @property
    def dsn(self) -> str:
        """The PostgreSQL URL in clear text, for opening a connection only."""
        return with_tls(self.postgres.get_secret_value(), _postgres_tls(self))


def _kafka_problems(settings: ServerSettings) -> Iterator[str]:
    if settings.kafka_security.startswith("SASL_"):
        yield from _sasl_problems(settings)
    elif useless := _names(settings, "sasl_mechanism", *_OF_PASSWORDS, *_OF_TOKENS):
        yield f"{useless}: of no use with {_SECURITY}={settings.kafka_security}; SASL_SSL is with TLS and SASL"
    if settings.kafka_security.endswith("SSL"):
        if settings.kafka_certificate is None and (useless := _names(settings, "key", "key_password")):
            yield f"{useless}: of no use without RELEVO_KAFKA_CERTIFICATE, whose key it is"
    elif useless := _names(settings, *_OF_TLS):
        tls = "SASL_SSL" if settings.kafka_security.startswith("SASL") else "SSL"
        yield f"{useless}: of no use with {_SECURITY}={settings.kafka_security}; with TLS it is {tls}"


_SECURITY = f"{PREFIX}KAFKA_SECURITY"
_MECHANISM = f"{PREFIX}KAFKA_SASL_MECHANISM"
_OF_PASSWORDS = ("username", "password")
_OF_TOKENS = ("token_url", "token_client_id", "token_client_secret", "token_scope", "token_ca")
_OF_TLS = ("ca", "verify_hostname", "certificate", "key", "key_password")


def _sasl_problems(settings: ServerSettings) -> Iterator[str]:
    mechanism = settings.kafka_sasl_mechanism
    if not mechanism:
        yield f"{_MECHANISM}: {_SECURITY}={settings.kafka_security} needs one, such as SCRAM-SHA-512"
        return
    by_token = mechanism == "OAUTHBEARER"
    needed = _OF_TOKENS[:3] if by_token else _OF_PASSWORDS
    if missing := [_variable(name) for name in needed if not _is_set(settings, name)]:
        yield f"{', '.join(missing)}: {_MECHANISM}={mechanism} needs it"
    if useless := _names(settings, *(_OF_PASSWORDS if by_token else _OF_TOKENS)):
        yield f"{useless}: of no use with {_MECHANISM}={mechanism}"
    if by_token and settings.kafka_token_url and not settings.kafka_token_url.startswith("https://"):
        yield f"{_variable('token_url')}: a client secret goes there, so it begins with https://"


def _names(settings: ServerSettings, *names: str) -> str:
    """The variables of those that differ from their default."""
    return ", ".join(_variable(name) for name in names if _is_set(settings, name))


def _is_set(settings: ServerSettings, name: str) -> bool:
    return bool(getattr(settings, f"kafka_{name}") != ServerSettings.model_fields[f"kafka_{name}"].default)


def _variable(name: str) -> str:
    return f"{PREFIX}KAFKA_{name}".upper()


def _postgres_tls(settings: ServerSettings) -> dict[str, str]:
    """The settings of TLS to PostgreSQL, as its URL calls them."""
    paths = {
        "sslrootcert": settings.postgres_ca,
        "sslcert": settings.postgres_certificate,
        "sslkey": settings.postgres_key,
    }
    given = {"sslmode": settings.postgres_tls, "sslpassword": settings.postgres_key_password.get_secret_value()}
    return given | {name: str(path) for name, path in paths.items() if path is not None}


def _postgres_problems(settings: ServerSettings) -> Iterator[str]:
    url, given = settings.postgres.get_secret_value(), _postgres_tls(settings)
    for variable in also_in_url(url, given):
        yield f"{variable}: RELEVO_POSTGRES says it too; say it in one place"
    mode = settings.postgres_tls
    if mode.startswith("verify-") and "sslrootcert" not in with_tls(url, given):
        yield f"{VARIABLES['sslrootcert']}: RELEVO_POSTGRES_TLS={mode} needs a CA"
    if mode == "disable" and (useless := [VARIABLES[name] for name in given if name != "sslmode" and given[name]]):
        yield f"{', '.join(useless)}: of no use with RELEVO_POSTGRES_TLS=disable"
    if ("sslcert" in given) != ("sslkey" in given):
        yield "RELEVO_POSTGRES_CERTIFICATE, RELEVO_POSTGRES_KEY: each needs the other"
