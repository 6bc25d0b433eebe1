"""Where the mail relay is and how to talk to it."""

import ssl
from typing import ClassVar, Literal, Self

import pydantic
from pydantic import Field, SecretStr

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions
from relevo_notifier.providers.smtp.dkim import read_keys

SHORTEST_SECRET = 16


class SmtpOptions(ProviderOptions):
    """One mail takes `timeout` seconds at most, connecting included."""

    channel: ClassVar[Channel] = "email"

    host: str = Field(default="127.0.0.1", description="Host of the mail relay (SMTP submission).")
    port: int = Field(default=2525, ge=1, le=65535, description="Its port: 587 for starttls, 465 for tls.")
    tls: Literal["none", "starttls", "tls"] = Field(
        default="none", description="none: clear text, for a sink on this machine; starttls or tls in production."
    )
    ca_file: str = Field(
        default="",
        description="PEM file of the authorities that the relay's certificate is checked by; empty: the system's.",
    )
    user: str = Field(default="", description="User at the relay; empty: no login.")
    password: SecretStr = Field(default=SecretStr(""), description="The user's password.")
    return_domain: str = Field(
        default="",
        description="Domain to which mails come back that can't be delivered: each mail gets a sender of its own there"
        " (VERP), and its MX leads to RELEVO_NOTIFIER_INBOX_PORT. Empty: they come back to the shop's address.",
    )
    return_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Proves those senders; at least 16 characters. Keep it for as long as mails travel.",
    )
    dkim: str = Field(
        default="",
        description="Keys to sign mails with (DKIM), with commas: DOMAIN:SELECTOR:FILE, each file a private key in PEM,"
        " RSA or Ed25519. A mail is signed by those of its sender's domain or of one above it. Empty: the relay signs.",
    )
    dkim_processes: int = Field(
        default=0, ge=0, le=64, description="Processes that sign beside the notifier; 0: it signs itself."
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to the relay; each has one mail under way at a time."
    )
    timeout: float = Field(
        default=30.0, ge=1, le=300, description="Seconds that one mail may take, connecting included."
    )

    @pydantic.field_validator("ca_file")
    @classmethod
    def _loads(cls, value: str) -> str:
        if value:
            try:
                ssl.create_default_context(cafile=value)
            except OSError as error:
                raise ValueError(f"can't be read as a PEM file of certificates: {error}") from error
        return value

    @pydantic.field_validator("dkim")
    @classmethod
    def _readable(cls, value: str) -> str:
        read_keys(value)
        return value

    @pydantic.model_validator(mode="after")
    def _proven(self) -> Self:
        if self.return_domain and len(self.return_secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError("RELEVO_NOTIFIER_SMTP_RETURN_SECRET must have at least 16 characters")
        return self

    def missing(self) -> str:
        """Nothing: without a relay, a sink on this machine is asked."""
        return ""
