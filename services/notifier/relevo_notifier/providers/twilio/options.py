"""The account at Twilio and how to reach it."""

from typing import ClassVar

from pydantic import Field, SecretStr

from relevo_contracts.contact import Channel
from relevo_notifier.providers.options import ProviderOptions

REFERENCE = "message"
"""The parameter of the callback's address that names a text."""


class TwilioOptions(ProviderOptions):
    """One request takes `timeout` seconds at most."""

    channel: ClassVar[Channel] = "sms"

    url: str = Field(default="https://api.twilio.com", description="Address of Twilio's API, or a sandbox's.")
    account: str = Field(default="", description="Twilio's account SID; empty: no SMS can be sent.")
    token: SecretStr = Field(default=SecretStr(""), description="The account's auth token.")
    callback: str = Field(
        default="",
        description="Where Twilio tells what became of a text: https://HOST/providers/twilio, as seen from outside.",
    )
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to Twilio; each has one request under way at a time."
    )
    timeout: float = Field(default=20.0, ge=1, le=300, description="Seconds that one request to Twilio may take.")

    def missing(self) -> str:
        """The account."""
        return "" if self.account else "set RELEVO_NOTIFIER_TWILIO_ACCOUNT and _TOKEN"
