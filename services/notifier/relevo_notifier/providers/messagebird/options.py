"""The account at MessageBird and how to reach it."""

from pydantic import Field, SecretStr

from relevo_notifier.providers.options import SmsOptions


class MessageBirdOptions(SmsOptions):
    """One request takes `timeout` seconds at most."""

    url: str = Field(default="https://rest.messagebird.com", description="Address of its API, or a sandbox's.")
    key: SecretStr = Field(default=SecretStr(""), description="A live access key; empty: no SMS can be sent.")
    signing_key: SecretStr = Field(
        default=SecretStr(""), description="The signing key of the account, by which its requests are believed."
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to MessageBird; each has one request under way at a time."
    )
    timeout: float = Field(default=20.0, ge=1, le=300, description="Seconds that one request to MessageBird may take.")

    def missing(self) -> str:
        """The key."""
        return "" if self.key.get_secret_value() else "set RELEVO_NOTIFIER_MESSAGEBIRD_KEY"
