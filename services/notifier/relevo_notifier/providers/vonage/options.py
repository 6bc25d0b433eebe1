"""The account at Vonage and how to reach it."""

from typing import Literal

from pydantic import Field, SecretStr

from relevo_notifier.providers.options import SmsOptions


class VonageOptions(SmsOptions):
    """One request takes `timeout` seconds at most."""

    url: str = Field(default="https://rest.nexmo.com", description="Address of Vonage's API, or a sandbox's.")
    key: str = Field(default="", description="The account's API key; empty: no SMS can be sent.")
    secret: SecretStr = Field(default=SecretStr(""), description="The account's API secret.")
    signature_secret: SecretStr = Field(
        default=SecretStr(""), description="The account's signature secret: its webhooks have to be signed."
    )
    signature_method: Literal["md5hash", "md5", "sha1", "sha256", "sha512"] = Field(
        default="md5hash", description="How they are signed, as chosen there; all but md5hash are HMACs."
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to Vonage; each has one request under way at a time."
    )
    timeout: float = Field(default=20.0, ge=1, le=300, description="Seconds that one request to Vonage may take.")

    def missing(self) -> str:
        """The key and its secret."""
        return "" if self.key and self.secret.get_secret_value() else "set RELEVO_NOTIFIER_VONAGE_KEY and _SECRET"
