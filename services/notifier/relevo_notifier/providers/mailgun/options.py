"""The account at Mailgun and how to reach it."""

from typing import ClassVar

from pydantic import Field, SecretStr

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions

_DOMAIN = r"^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+)?$"


class MailgunOptions(ProviderOptions):
    """One request takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "email"

    url: str = Field(
        default="https://api.mailgun.net",
        description="Address of Mailgun's API (https://api.eu.mailgun.net for the EU), or a sandbox's.",
    )
    key: SecretStr = Field(default=SecretStr(""), description="A sending key; empty: no mail is sent.")
    domain: str = Field(default="", pattern=_DOMAIN, description="Sending domain of transactional mail.")
    marketing_domain: str = Field(
        default="", pattern=_DOMAIN, description="Sending domain of marketing mail; empty: the same."
    )
    webhook_key: SecretStr = Field(
        default=SecretStr(""), description="The signing key of Mailgun's webhooks; empty: they are not read."
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to Mailgun; each has one request under way at a time."
    )
    timeout: float = Field(default=30.0, ge=1, le=300, description="Seconds that one request to Mailgun may take.")

    def missing(self) -> str:
        """The key and the domain."""
        return "" if self.key.get_secret_value() and self.domain else "set RELEVO_NOTIFIER_MAILGUN_KEY and _DOMAIN"
