"""The account at Brevo and how to reach it."""

from typing import ClassVar

from pydantic import Field, SecretStr

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions


class BrevoOptions(ProviderOptions):
    """One request takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "email"

    url: str = Field(default="https://api.brevo.com", description="Address of Brevo's API, or a sandbox's.")
    key: SecretStr = Field(default=SecretStr(""), description="An API key; empty: no mail is sent.")
    tag: str = Field(default="transactional", description="Tag of transactional mail in Brevo's statistics.")
    marketing_tag: str = Field(default="marketing", description="Tag of marketing mail in Brevo's statistics.")
    webhook_token: SecretStr = Field(
        default=SecretStr(""),
        description="The token, or password of Basic authentication, of Brevo's webhooks; empty: they are not read.",
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to Brevo; each has one request under way at a time."
    )
    timeout: float = Field(default=30.0, ge=1, le=300, description="Seconds that one request to Brevo may take.")

    def missing(self) -> str:
        """The key."""
        return "" if self.key.get_secret_value() else "set RELEVO_NOTIFIER_BREVO_KEY"
