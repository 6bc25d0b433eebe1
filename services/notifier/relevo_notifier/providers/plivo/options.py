"""The account at Plivo and how to reach it."""

from pydantic import Field, SecretStr

from relevo_notifier.providers.options import SmsOptions


class PlivoOptions(SmsOptions):
    """One request takes `timeout` seconds at most."""

    url: str = Field(default="https://api.plivo.com", description="Address of Plivo's API, or a sandbox's.")
    account: str = Field(default="", description="The account's auth id; empty: no SMS can be sent.")
    token: SecretStr = Field(default=SecretStr(""), description="The account's auth token.")
    connections: int = Field(
        default=8, ge=1, le=200, description="Connections to Plivo; each has one request under way at a time."
    )
    timeout: float = Field(default=20.0, ge=1, le=300, description="Seconds that one request to Plivo may take.")

    def missing(self) -> str:
        """The account."""
        return "" if self.account else "set RELEVO_NOTIFIER_PLIVO_ACCOUNT and _TOKEN"
