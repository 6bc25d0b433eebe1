"""The account at Twilio and how to reach it."""

from pydantic import Field, SecretStr

from relevo_notifier.providers.options import SmsOptions


class TwilioOptions(SmsOptions):
    """One request takes `timeout` seconds at most."""

    url: str = Field(default="https://api.twilio.com", description="Address of Twilio's API, or a sandbox's.")
    account: str = Field(default="", description="Twilio's account SID; empty: no SMS can be sent.")
    token: SecretStr = Field(default=SecretStr(""), description="The account's auth token.")
    answers_keywords: bool = Field(
        default=True,
        description="Whether Twilio answers STOP, START and HELP itself, as it does unless it was asked not to.",
    )
    connections: int = Field(
        default=16, ge=1, le=200, description="Connections to Twilio; each has one request under way at a time."
    )
    timeout: float = Field(default=20.0, ge=1, le=300, description="Seconds that one request to Twilio may take.")

    def missing(self) -> str:
        """The account."""
        return "" if self.account else "set RELEVO_NOTIFIER_TWILIO_ACCOUNT and _TOKEN"
