"""The account at SendGrid and how to reach it."""

from typing import ClassVar

import pydantic
from pydantic import Field, SecretStr

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions
from relevo_notifier.providers.sendgrid.public_key import public_key


class SendGridOptions(ProviderOptions):
    """One request takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "email"

    url: str = Field(
        default="https://api.sendgrid.com",
        description="Address of SendGrid's API (https://api.eu.sendgrid.com for the EU), or a sandbox's.",
    )
    key: SecretStr = Field(default=SecretStr(""), description="An API key that may send mail; empty: no mail is sent.")
    pool: str = Field(default="", description="IP pool of transactional mail; empty: the account's.")
    marketing_pool: str = Field(default="", description="IP pool of marketing mail; empty: the same.")
    webhook_key: str = Field(
        default="",
        description="The public key that SendGrid shows for its signed Event Webhook; empty: it is not read.",
    )
    parse_key: str = Field(
        default="",
        description="The public key of the security policy of its Inbound Parse; empty: mails from there are not read.",
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to SendGrid; each has one request under way at a time."
    )
    timeout: float = Field(default=30.0, ge=1, le=300, description="Seconds that one request to SendGrid may take.")

    @pydantic.field_validator("webhook_key", "parse_key")
    @classmethod
    def _is_key(cls, value: str) -> str:
        if value:
            public_key(value)
        return value

    def missing(self) -> str:
        """The key."""
        return "" if self.key.get_secret_value() else "set RELEVO_NOTIFIER_SENDGRID_KEY"
