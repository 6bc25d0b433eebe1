"""The server at Postmark and how to reach it."""

from typing import ClassVar

from pydantic import Field, SecretStr

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions


class PostmarkOptions(ProviderOptions):
    """One request takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "email"

    url: str = Field(default="https://api.postmarkapp.com", description="Address of Postmark's API, or a sandbox's.")
    token: SecretStr = Field(
        default=SecretStr(""), description="The token of the server at Postmark; empty: no mail is sent."
    )
    stream: str = Field(default="outbound", description="Message stream of transactional mail.")
    broadcast_stream: str = Field(
        default="broadcast",
        description="Message stream of marketing mail, a broadcast stream with custom handling of unsubscribing.",
    )
    webhook_password: SecretStr = Field(
        default=SecretStr(""),
        description="The password (with any user) in the address of Postmark's webhooks; empty: they are not read.",
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to Postmark; each has one request under way at a time."
    )
    timeout: float = Field(default=30.0, ge=1, le=300, description="Seconds that one request to Postmark may take.")

    def missing(self) -> str:
        """The token."""
        return "" if self.token.get_secret_value() else "set RELEVO_NOTIFIER_POSTMARK_TOKEN"
